/** What the chosen repository looks like, and what of it will not be part of the work. Layer: feature. */
import type { UseQueryResult } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import type { Wire } from "@/api/client";
import { asApiError } from "@/api/errors";
import { Icon } from "@/components/ui/icon";
import { Bar } from "@/components/ui/skeleton";
import { Words } from "@/components/words";
import { count } from "@/lib/format";
import { shownOnOneLine } from "@/lib/text/harmless";

/** The facts; nothing while no repository is chosen. */
export function RepositoryFacts({ facts }: { facts: UseQueryResult<Wire<"RepositoryFacts">> }) {
  if (facts.isLoading) return <Bar className="mt-3 w-60" />;
  if (facts.isError) {
    const { message, hint } = asApiError(facts.error);
    return (
      <p className="mt-3 flex gap-2 text-sm" role="alert">
        <Icon of={TriangleAlert} className="mt-0.5 text-fail" />
        <span>
          <Words text={message} />
          {hint !== undefined && (
            <span className="block text-n11">
              <Words text={hint} />
            </span>
          )}
        </span>
      </p>
    );
  }
  const found = facts.data;
  if (found === undefined) return null;
  const more = found.uncommittedTotal - found.uncommitted.length;
  return (
    <div className="mt-3 text-n11 text-sm">
      <p className="flex flex-wrap gap-x-3 gap-y-0.5 font-mono text-xs" dir="ltr">
        <span className="break-all">{found.repo}</span>
        {found.defaultBranch !== null && <span>{shownOnOneLine(found.defaultBranch)}</span>}
        {found.headSha !== null && <span>{found.headSha.slice(0, 10)}</span>}
        {found.origin !== null && found.origin !== found.repo && <span>origin {found.origin}</span>}
      </p>
      {found.uncommittedTotal > 0 && (
        <details className="mt-2 border-wait border-l-2 bg-wait-soft px-3 py-1.5">
          <summary>
            {count(found.uncommittedTotal, "uncommitted file")} will not be part of the work. Commit first
            what the agent shall see.
          </summary>
          <ul className="mt-1 font-mono text-xs" dir="ltr">
            {found.uncommitted.map((path) => (
              <li key={path} className="truncate">
                {shownOnOneLine(path)}
              </li>
            ))}
            {more > 0 && <li>and {more} more</li>}
          </ul>
        </details>
      )}
    </div>
  );
}
