/** A session that did not come to its end: the reason, and the next step as a button. Layer: feature. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { RotateCcw } from "lucide-react";
import { client, take, type Wire } from "@/api/client";
import { refreshSession } from "@/api/queries";
import { StatusMark } from "@/components/status";
import { Ago } from "@/components/time";
import { Button, ButtonLink } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { toastFailed } from "@/components/ui/toast";
import { Words } from "@/components/words";
import { cx } from "@/lib/classes";
import { repositoryName, sentence } from "@/lib/format";
import { shown } from "@/lib/text/harmless";
import { nextStep } from "../next-step";

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
        {step.to === "rerun" ? (
          <RunAgain session={session} />
        ) : (
          <ButtonLink size="small" to={step.to} className="min-w-24">
            {step.name}
          </ButtonLink>
        )}
      </span>
    </li>
  );
}

function RunAgain({ session }: { session: Wire<"Session"> }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const rerun = useMutation({
    mutationFn: () => take(client.POST("/api/sessions/{id}/rerun", { params: { path: { id: session.id } } })),
    onSuccess: (next) => {
      refreshSession(queries, session.id);
      void navigate({ to: "/sessions/$sessionId", params: { sessionId: next.id } });
    },
    onError: toastFailed,
  });
  return (
    <Button size="small" className="min-w-24" onClick={() => rerun.mutate()} busy={rerun.isPending}>
      <Icon of={RotateCcw} className="size-3.5" />
      Run again
    </Button>
  );
}
