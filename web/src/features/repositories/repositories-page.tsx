/** The repositories that sessions used: how often, and what the server keeps of them. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { FolderGit2, Globe, Plus } from "lucide-react";
import type { Wire } from "@/api/client";
import { repositoriesQuery } from "@/api/queries";
import { Page } from "@/components/page";
import { Ago } from "@/components/time";
import { ButtonLink } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { EmptyState, QueryView } from "@/components/ui/states";
import { bytes, count, repositoryName } from "@/lib/format";
import { shownOnOneLine } from "@/lib/text/harmless";

/** The page. */
export function RepositoriesPage() {
  const repositories = useQuery(repositoriesQuery);
  const all = repositories.data ?? [];
  const size = all.reduce((sum, each) => sum + each.mirrorBytes + each.basesBytes, 0);
  return (
    <Page
      title="Repositories"
      line={
        repositories.data === undefined
          ? "Loading…"
          : `${count(all.length, "repository", "repositories")}, ${bytes(size)} kept for quick starts`
      }
    >
      <QueryView query={repositories} skeleton={<RowsSkeleton label="Loading the repositories" />}>
        {(found) =>
          found.length === 0 ? (
            <EmptyState
              title="No repository yet"
              actions={
                <ButtonLink to="/new" look="primary">
                  <Icon of={Plus} />
                  New task
                </ButtonLink>
              }
            >
              A repository appears here with its first task. The server keeps a mirror of it, and a prepared
              copy of each commit that work began from.
            </EmptyState>
          ) : (
            <ul>
              {found.map((each) => (
                <Row key={each.repo} repository={each} />
              ))}
            </ul>
          )
        }
      </QueryView>
    </Page>
  );
}

function Row({ repository }: { repository: Wire<"KnownRepository"> }) {
  const { repo, kind, sessions, active, mirrorBytes, basesBytes, bases, atLeast, lastUsedAt, mirrored } =
    repository;
  const kept = mirrored || bases > 0;
  return (
    <li className="relative flex flex-wrap items-center gap-x-4 gap-y-1 border-n5 border-b py-2.5 md:flex-nowrap">
      <Icon of={kind === "local" ? FolderGit2 : Globe} className="self-start text-n10 md:self-center" />
      <div className="min-w-0 flex-1 basis-40 pr-22 md:pr-0">
        <h2 className="truncate font-medium text-sm">{repositoryName(repo)}</h2>
        <p className="truncate font-mono text-n11 text-xs" dir="ltr">
          {shownOnOneLine(repo)}
        </p>
      </div>
      <Link
        to="/sessions"
        search={{ repo }}
        data-row
        className="ml-8 text-sm underline decoration-n8 md:ml-0 underline-offset-3 hover:decoration-n12"
      >
        {count(sessions, "session")}
        {active > 0 && `, ${active} at work`}
      </Link>
      <span
        className="tabular text-n11 text-xs md:w-44"
        title={`mirror ${bytes(mirrorBytes)}, ${count(bases, "base")} ${bytes(basesBytes)}`}
      >
        {kept
          ? `${atLeast ? "at least " : ""}${bytes(mirrorBytes + basesBytes)}, ${count(bases, "base")}`
          : "nothing kept"}
      </span>
      <Ago at={lastUsedAt} className="ml-auto text-right text-n11 text-xs md:ml-0 md:w-16" />
      <ButtonLink to="/new" search={{ repo }} size="small" className="absolute top-2.5 right-0 md:static">
        New task
      </ButtonLink>
    </li>
  );
}
