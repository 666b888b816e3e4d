/** A decision that can be made without leaving: what, why, how risky, who asks. Layer: feature. */
import { Check, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Wire } from "@/api/client";
import { useAnswer } from "@/api/use-answer";
import { ApprovalDetail } from "@/components/approval-detail";
import { KeyHint } from "@/components/keys";
import { SessionLink } from "@/components/session-link";
import { ChangeSize } from "@/components/status";
import { Ago } from "@/components/time";
import { Button } from "@/components/ui/button";
import { inputClass } from "@/components/ui/field";
import { Icon } from "@/components/ui/icon";
import { toastDone, toastFailed } from "@/components/ui/toast";
import { Words } from "@/components/words";
import { approvalWords } from "@/lib/approval-words";
import { cx } from "@/lib/classes";
import { count, repositoryName, sentence } from "@/lib/format";
import { shownOnOneLine } from "@/lib/text/harmless";

/** The card. */
export function ApprovalCard({
  approval,
  session,
}: {
  approval: Wire<"Approval">;
  session: Wire<"Session">;
}) {
  const answer = useAnswer(approval);
  const [note, setNote] = useState<string | null>(null);
  const { publishes, what, risk } = approvalWords(approval);
  const give = (decision: "approve" | "deny") =>
    answer.mutate(
      { decision, ...(note?.trim() && { note: note.trim() }) },
      {
        onSuccess: ({ late }) =>
          toastDone(
            late
              ? "Somebody was quicker: it was answered already"
              : decision === "approve"
                ? `Approved the ${what}`
                : `Denied the ${what}`,
          ),
        onError: toastFailed,
      },
    );
  return (
    <article data-approval className="rounded-md border border-n6 bg-n2">
      <div className="border-wait border-l-2 px-3 py-3 md:px-4">
        <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1 text-n11 text-xs">
          <span>
            <span className="font-medium text-wait">{publishes ? "TeleCoder" : approval.askedBy}</span> asks
          </span>
          <span className={cx("font-medium", risk.color)}>{risk.word}</span>
          <Ago at={approval.createdAt} className="ml-auto" />
          {approval.expiresAt !== null && (
            <span>
              expires <Ago at={approval.expiresAt} />
            </span>
          )}
        </div>
        <h3
          className={cx(
            "mt-1 font-semibold text-base",
            approval.kind === "execute" && "wrap-anywhere font-mono text-sm",
          )}
          dir="auto"
        >
          {shownOnOneLine(approval.title)}
        </h3>
        {approval.reason !== "" && (
          <p className="mt-1 text-n11 text-sm">
            <Words text={sentence(approval.reason)} />
          </p>
        )}
        <ApprovalDetail approval={approval} />
        <p className="mt-2 truncate text-n11 text-sm">
          For{" "}
          <SessionLink
            session={session}
            className="text-n12 underline decoration-n8 underline-offset-3 hover:decoration-n12"
          />
          {session.repo !== null && <> in {repositoryName(session.repo)}</>}
          {publishes && session.diffStat !== null && (
            <span className="ml-2">
              {count(session.diffStat.files, "file")} <ChangeSize stat={session.diffStat} />
            </span>
          )}
        </p>
      </div>
      <form
        className="flex flex-wrap items-center gap-2 border-n5 border-t px-3 py-2 md:px-4"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          give("deny");
        }}
      >
        <Button
          look="primary"
          className="h-10 flex-1 md:h-8 md:flex-none"
          data-answer="approve"
          onClick={() => give("approve")}
          busy={answer.isPending}
        >
          <Icon of={Check} />
          Approve {what}
          <KeyHint keys="a" />
        </Button>
        <Button
          className="h-10 flex-1 md:h-8 md:flex-none"
          data-answer="deny"
          onClick={() => give("deny")}
          disabled={answer.isPending}
        >
          <Icon of={X} />
          Deny
          <KeyHint keys="d" />
        </Button>
        {note === null ? (
          <Button look="quiet" onClick={() => setNote("")}>
            Add a note
          </Button>
        ) : (
          <input
            // biome-ignore lint/a11y/noAutofocus: the field appears because its button was pressed.
            autoFocus
            className={cx(inputClass, "basis-60 md:flex-1")}
            value={note}
            onChange={(event) => setNote(event.target.value)}
            placeholder="Why; the agent sees it"
            aria-label="Note to the agent"
            maxLength={2000}
            dir="auto"
          />
        )}
      </form>
    </article>
  );
}
