/** What the agent asks for, answered where it was asked. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { Check, Hand, X } from "lucide-react";
import { inboxQuery } from "@/api/queries";
import { useAnswer } from "@/api/use-answer";
import { ApprovalDetail } from "@/components/approval-detail";
import { KeyHint } from "@/components/keys";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { toastDone, toastFailed } from "@/components/ui/toast";
import { Words } from "@/components/words";
import { approvalWords } from "@/lib/approval-words";
import { cx } from "@/lib/classes";
import { shown } from "@/lib/text/harmless";
import type { Permission } from "../timeline/items";

const WORDS: Record<string, string> = { allowed: "Approved", denied: "Denied", cancelled: "No longer asked" };

/** The card. */
export function PermissionCard({
  permission,
  session,
  agent,
  over,
}: {
  permission: Permission;
  session: string;
  agent: string;
  over: boolean;
}) {
  const answer = useAnswer({ id: permission.id, sessionId: session });
  const open = permission.state === "asked";
  const inbox = useQuery({ ...inboxQuery, enabled: open });
  const approval = inbox.data?.waiting.find((entry) => entry.approval.id === permission.id)?.approval;
  // What is asked after the work, whether to publish it, waits although the session has ended.
  const asked = open && (!over || approval !== undefined);
  const words = approval && approvalWords(approval);
  const title = shown(permission.title.slice(0, 4000));
  if (!asked) {
    const ended =
      permission.state === "asked" ? "No longer asked" : (WORDS[permission.state] ?? permission.state);
    return (
      <p className="flex min-h-7 items-center gap-2 text-n11 text-xs">
        <Icon
          of={permission.state === "denied" ? X : permission.state === "allowed" ? Check : Hand}
          className="text-n9"
        />
        <span className="shrink-0">
          {ended}
          {permission.by !== null && ` by ${permission.by === "policy" ? "the policy" : permission.by}`}
        </span>
        <span className="truncate font-mono" dir="auto" title={title}>
          {title}
        </span>
      </p>
    );
  }
  const give = (decision: "approve" | "deny") =>
    answer.mutate(
      { decision },
      {
        onSuccess: ({ late }) =>
          toastDone(
            late
              ? "Somebody was quicker: it was answered already"
              : decision === "approve"
                ? "Approved"
                : "Denied",
          ),
        onError: toastFailed,
      },
    );
  const sent = answer.isPending || answer.isSuccess;
  return (
    <article
      data-approval
      className="rounded-md border border-n6 border-l-2 border-l-wait bg-n2 p-3"
      aria-label="Permission"
    >
      <p className="flex flex-wrap gap-x-3 text-n11 text-xs">
        <span>
          <span className="font-medium text-wait">{words?.publishes ? "TeleCoder" : agent}</span> asks for
          permission
        </span>
        {words && <span className={cx("font-medium", words.risk.color)}>{words.risk.word}</span>}
      </p>
      <p
        data-row
        tabIndex={-1}
        className={cx(
          "mt-1 whitespace-pre-wrap break-words font-semibold text-base",
          permission.kind === "execute" && "font-mono text-sm",
        )}
        dir="auto"
      >
        {title}
      </p>
      {approval?.reason && (
        <p className="mt-1 text-n11 text-sm">
          <Words text={approval.reason} />
        </p>
      )}
      {approval && <ApprovalDetail approval={approval} />}
      <div className="mt-3 flex flex-wrap gap-2">
        <Button
          look="primary"
          className="h-10 flex-1 md:h-8 md:flex-none"
          disabled={sent}
          data-answer="approve"
          onClick={() => give("approve")}
        >
          <Icon of={Check} />
          Approve {words?.what}
          <KeyHint keys="a" />
        </Button>
        <Button
          className="h-10 flex-1 md:h-8 md:flex-none"
          disabled={sent}
          data-answer="deny"
          onClick={() => give("deny")}
        >
          <Icon of={X} />
          Deny
          <KeyHint keys="d" />
        </Button>
      </div>
    </article>
  );
}
