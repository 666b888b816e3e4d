/** A session that did not come to its end: the reason, and the next step as a button. Layer: feature. */
import { Link } from "@tanstack/react-router";
import type { Wire } from "@/api/client";
import { NextStepButton } from "@/components/next-step";
import { StatusMark } from "@/components/status";
import { Ago } from "@/components/time";
import { Words } from "@/components/words";
import { cx } from "@/lib/classes";
import { repositoryName, sentence } from "@/lib/format";
import { nextStep } from "@/lib/next-step";
import { shown } from "@/lib/text/harmless";

/** The row. */
export function FailedRow({ session, unread }: { session: Wire<"Session">; unread: boolean }) {
  const step = nextStep(session);
  const reason = session.error ?? (session.status === "stopped" ? "Stopped before its end." : step.reason);
  return (
    <li className="flex animate-arrive flex-wrap items-start gap-x-3 gap-y-2 border-n5 border-b py-2.5 md:flex-nowrap">
      <StatusMark status={session.status} bare className="mt-0.5" />
      <div className="min-w-0 flex-1 basis-52">
        <Link
          to="/sessions/$sessionId"
          params={{ sessionId: session.id }}
          data-row
          className={cx(
            "relative block truncate text-sm hover:underline",
            unread ? "font-medium" : "text-n11",
          )}
        >
          <Words text={session.title} />
          {unread && <span className="sr-only"> (new)</span>}
        </Link>
        <p
          className={cx(
            "mt-0.5 line-clamp-2 text-xs",
            session.status === "error" && unread ? "text-fail" : "text-n11",
          )}
          dir="auto"
        >
          {sentence(shown(reason))}
        </p>
      </div>
      <span className="flex items-center gap-3 pl-7 text-n11 text-xs md:pl-0">
        {session.repo !== null && (
          <span className="max-w-44 truncate" title={session.repo}>
            {repositoryName(session.repo)}
          </span>
        )}
        <Ago at={session.finishedAt ?? session.updatedAt} className="md:w-16 md:text-right" />
        <NextStepButton session={session} />
      </span>
    </li>
  );
}
