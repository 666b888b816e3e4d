/** A session that ended well, in one line that opens to the four parts of its outcome. Layer: feature. */
import { Link } from "@tanstack/react-router";
import { ChevronRight, GitPullRequest } from "lucide-react";
import { useId, useState } from "react";
import type { Wire } from "@/api/client";
import { OutcomeParts, VerifiedMark } from "@/components/outcome-parts";
import { ChangeSize, StatusMark } from "@/components/status";
import { Ago } from "@/components/time";
import { Icon } from "@/components/ui/icon";
import { cx } from "@/lib/classes";
import { duration, money, repositoryName } from "@/lib/format";
import { shownOnOneLine } from "@/lib/text/harmless";

/** The row. */
export function DoneRow({ session, unread }: { session: Wire<"Session">; unread: boolean }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const { outcome } = session;
  return (
    <li className="animate-arrive border-n5 border-b">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2 md:min-h-11 md:flex-nowrap">
        <button
          type="button"
          className="grid size-6 shrink-0 place-items-center rounded-sm text-n10 hover:bg-n3 hover:text-n12"
          aria-expanded={open}
          aria-controls={id}
          aria-label={open ? "Hide the outcome" : "Show the outcome"}
          onClick={() => setOpen(!open)}
        >
          <Icon
            of={ChevronRight}
            className={cx("transition-transform duration-[var(--quick)]", open && "rotate-90")}
          />
        </button>
        <StatusMark status={session.status} bare />
        <Link
          to="/sessions/$sessionId"
          params={{ sessionId: session.id }}
          data-row
          className={cx(
            "min-w-0 flex-1 truncate text-sm hover:underline",
            unread ? "font-medium" : "text-n11",
          )}
        >
          <bdi>{shownOnOneLine(outcome?.headline ?? session.title)}</bdi>
          {unread && <span className="sr-only"> (new)</span>}
        </Link>
        <span className="flex w-full items-center gap-3 pl-9 text-n11 text-xs md:w-auto md:pl-0">
          {session.repo !== null && (
            <span className="max-w-44 truncate" title={session.repo}>
              {repositoryName(session.repo)}
            </span>
          )}
          <VerifiedMark session={session} />
          {session.diffStat !== null && <ChangeSize stat={session.diffStat} />}
          {session.prNumber !== null && (
            <span
              className="inline-flex items-center gap-1"
              title={`Pull request ${session.prNumber}, ${session.prState ?? ""}`}
            >
              <Icon of={GitPullRequest} className="size-3.5" />
              <span className="sr-only">pull request </span>
              <span className="tabular">{session.prNumber}</span>
            </span>
          )}
          {session.usage.costUsd !== null && <span className="tabular">{money(session.usage.costUsd)}</span>}
          <span className="tabular hidden w-14 text-right lg:inline">
            {duration(session.usage.durationMs)}
          </span>
          <Ago at={session.finishedAt ?? session.updatedAt} className="ml-auto w-16 text-right md:ml-0" />
        </span>
      </div>
      {open && (
        <div id={id} className="animate-arrive pb-4 pl-9">
          <OutcomeParts session={session} />
        </div>
      )}
    </li>
  );
}
