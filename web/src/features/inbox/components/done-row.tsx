/** A session that ended well, in one line that opens to the four parts of its outcome. Layer: feature. */
import { Link } from "@tanstack/react-router";
import { ChevronDown, GitPullRequest } from "lucide-react";
import { useId, useState } from "react";
import type { Wire } from "@/api/client";
import { OutcomeParts, VerifiedMark } from "@/components/outcome-parts";
import { ChangeSize, StatusMark } from "@/components/status";
import { Ago } from "@/components/time";
import { Icon } from "@/components/ui/icon";
import { Words } from "@/components/words";
import { cx } from "@/lib/classes";
import { duration, money, repositoryName } from "@/lib/format";

/** The row. */
export function DoneRow({ session, unread }: { session: Wire<"Session">; unread: boolean }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const { outcome } = session;
  return (
    <li className="animate-arrive border-n5 border-b">
      <div className="relative flex flex-wrap items-center gap-x-3 gap-y-1 py-2 pr-8 md:min-h-9 md:flex-nowrap md:py-0 md:pr-0">
        <StatusMark status={session.status} bare />
        <Link
          to="/sessions/$sessionId"
          params={{ sessionId: session.id }}
          data-row
          className={cx(
            "relative min-w-0 flex-1 truncate text-sm hover:underline",
            unread ? "font-medium" : "text-n11",
          )}
        >
          <Words text={outcome?.headline ?? session.title} />
          {unread && <span className="sr-only"> (new)</span>}
        </Link>
        <span className="flex w-full items-center gap-3 pl-7 text-n11 text-xs md:w-auto md:pl-0">
          {session.repo !== null && (
            <span className="max-w-44 truncate" dir="auto" title={session.repo}>
              {repositoryName(session.repo)}
            </span>
          )}
          <VerifiedMark session={session} />
          <span className="md:w-18 md:text-right">
            {session.diffStat !== null && <ChangeSize stat={session.diffStat} />}
          </span>
          <span className="md:w-10">
            {session.prNumber !== null && (
              <span
                className="flex items-center gap-1"
                title={`Pull request ${session.prNumber}, ${session.prState ?? ""}`}
              >
                <Icon of={GitPullRequest} className="size-3.5" />
                <span className="sr-only">pull request </span>
                <span className="tabular">{session.prNumber}</span>
              </span>
            )}
          </span>
          {session.usage.costUsd !== null && <span className="tabular">{money(session.usage.costUsd)}</span>}
          <span className="tabular hidden w-14 text-right lg:inline">
            {duration(session.usage.durationMs)}
          </span>
          <Ago at={session.finishedAt ?? session.updatedAt} className="ml-auto w-16 text-right md:ml-0" />
        </span>
        <button
          type="button"
          className="absolute top-1.5 right-0 grid size-7 shrink-0 place-items-center rounded-sm text-n10 hover:bg-n3 hover:text-n12 md:static"
          aria-expanded={open}
          aria-controls={id}
          aria-label={open ? "Hide the outcome" : "Show the outcome"}
          onClick={() => setOpen(!open)}
        >
          <Icon
            of={ChevronDown}
            className={cx("transition-transform duration-[var(--quick)]", open && "rotate-180")}
          />
        </button>
      </div>
      {open && (
        <div id={id} className="@container animate-arrive pt-1 pb-5 pl-7">
          <OutcomeParts session={session} />
        </div>
      )}
    </li>
  );
}
