/** One session in the list. Layer: feature. */
import { GitPullRequest } from "lucide-react";
import type { Wire } from "@/api/client";
import { SessionLink } from "@/components/session-link";
import { ChangeSize, StatusMark } from "@/components/status";
import { Ago } from "@/components/time";
import { Icon } from "@/components/ui/icon";
import { repositoryName } from "@/lib/format";

/** The row. */
export function SessionRow({ session }: { session: Wire<"Session"> }) {
  return (
    <li className="relative flex min-h-11 flex-wrap items-center gap-x-3 gap-y-0.5 border-n5 border-b py-2 hover:bg-n2 md:min-h-9 md:flex-nowrap md:py-0">
      <span className="flex md:hidden">
        <StatusMark status={session.status} bare />
      </span>
      <span className="hidden w-32 shrink-0 md:flex">
        <StatusMark status={session.status} />
      </span>
      <SessionLink
        session={session}
        className="min-w-0 flex-1 truncate font-medium after:absolute after:inset-0"
      />
      <span className="flex w-full items-center gap-3 pl-7 text-n11 text-xs md:w-auto md:pl-0">
        <span className="order-2 md:order-none md:w-20 md:text-right">
          {session.diffStat !== null && <ChangeSize stat={session.diffStat} />}
        </span>
        <span className="order-2 md:order-none md:w-10">
          {session.prNumber !== null && (
            <span className="flex items-center gap-1">
              <Icon of={GitPullRequest} className="size-3.5" />
              <span className="sr-only">pull request </span>
              {session.prNumber}
            </span>
          )}
        </span>
        <span className="order-1 max-w-44 truncate md:order-none md:w-36" title={session.repo ?? undefined}>
          {session.repo !== null && repositoryName(session.repo)}
        </span>
        <span className="hidden w-24 truncate lg:inline">{session.agent}</span>
        <Ago at={session.createdAt} className="order-3 ml-auto w-16 text-right md:ml-0" />
      </span>
    </li>
  );
}
