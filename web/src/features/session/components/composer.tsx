/** Writes to the agent; drafts survive a reload. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { SendHorizontal } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import type { Wire } from "@/api/client";
import { isActive } from "@/components/status";
import { Button } from "@/components/ui/button";
import { inputClass } from "@/components/ui/field";
import { Icon } from "@/components/ui/icon";
import { cx } from "@/lib/classes";
import { count } from "@/lib/format";
import { useKept } from "@/lib/storage";
import { shownOnOneLine } from "@/lib/text/harmless";
import { unsent } from "@/lib/text/unsent";
import { messagesQuery, useSend } from "../api/actions";

/** The composer. */
export function Composer({ session }: { session: Wire<"Session"> }) {
  const [draft, setDraft] = useKept(`draft.${session.id}`, "");
  const typed = useRef(draft);
  typed.current = draft;
  const [now, setNow] = useState(false);
  const send = useSend(session.id);
  const messages = useQuery(messagesQuery(session.id, session.updatedAt));
  const active = isActive(session.status);
  const queued = (messages.data ?? []).filter((message) => message.state === "queued" && message.number > 1);
  const submit = async (event?: FormEvent) => {
    event?.preventDefault();
    const content = draft.trim();
    if (content === "" || send.isPending) return;
    try {
      await send.mutateAsync({ content, ...(active && { queue: now ? "steer" : "followup" }) });
      setDraft(unsent(typed.current, content) || null);
    } catch {
      // It was told where it failed; the words stay.
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="border-n5 border-t bg-n1 px-4 py-2 md:px-6">
      {queued.length > 0 && (
        <p className="mb-1.5 truncate text-n11 text-xs" role="status">
          {count(queued.length, "message")} queued:{" "}
          {shownOnOneLine(queued.map((each) => each.content.slice(0, 80)).join(" · "))}
        </p>
      )}
      <div className="flex items-end gap-2">
        <label htmlFor="composer" className="sr-only">
          Message to the agent
        </label>
        <textarea
          id="composer"
          rows={Math.min(8, Math.max(1, draft.split("\n").length))}
          dir="auto"
          maxLength={100_000}
          placeholder={active ? "Message the agent…" : "Ask for a follow-up…"}
          className={cx(inputClass, "h-auto min-h-9 flex-1 resize-none py-2")}
          value={draft}
          onChange={(event) => setDraft(event.target.value === "" ? null : event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) void submit();
          }}
        />
        <Button
          look="primary"
          type="submit"
          className="h-9"
          busy={send.isPending}
          disabled={draft.trim() === ""}
        >
          <Icon of={SendHorizontal} />
          Send
        </Button>
      </div>
      {active && draft !== "" && (
        <label className="mt-1.5 flex items-center gap-1.5 text-n11 text-xs">
          <input
            type="checkbox"
            className="accent-accent"
            checked={now}
            onChange={(event) => setNow(event.target.checked)}
          />
          Interrupt the turn; otherwise it waits for the turn's end
        </label>
      )}
    </form>
  );
}
