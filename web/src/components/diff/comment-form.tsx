/** A comment on lines of a diff. Layer: components. */
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { inputClass } from "@/components/ui/field";
import { cx } from "@/lib/classes";
import { useKept } from "@/lib/storage";
import { shownOnOneLine } from "@/lib/text/harmless";
import { unsent } from "@/lib/text/unsent";

/** Lines of a file that a comment is about. */
export interface Place {
  path: string;
  side: "old" | "new";
  from: number;
  to: number;
}

/** `a.rs:3-5`, with a word where the old version is meant. */
export function placeName({ path, side, from, to }: Place): string {
  return `${path}:${from === to ? from : `${from}-${to}`}${side === "old" ? " (before the change)" : ""}`;
}

/** The form. What is typed is kept until it was sent. */
export function CommentForm({
  place,
  onClose,
  onSend,
}: {
  place: Place;
  onClose: () => void;
  onSend: (words: string) => Promise<unknown>;
}) {
  const [words, setWords] = useKept("comment", "");
  const typed = useRef(words);
  typed.current = words;
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  const send = async (event?: FormEvent) => {
    event?.preventDefault();
    const comment = words.trim();
    if (comment === "" || busy) return;
    setBusy(true);
    try {
      await onSend(comment);
      const rest = unsent(typed.current, comment);
      setWords(rest || null);
      if (rest === "") onClose();
    } catch {
      // It was told where it failed; the words stay.
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void send(event)} className="border-n6 border-t bg-n2 p-3">
      <label htmlFor="diff-comment" className="mb-1.5 block text-n11 text-xs">
        Comment on <code dir="ltr">{shownOnOneLine(placeName(place))}</code>; the agent gets it as a message.
        Shift and click widens the range.
      </label>
      <textarea
        id="diff-comment"
        ref={field}
        rows={3}
        dir="auto"
        className={cx(inputClass, "h-auto py-1.5")}
        value={words}
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onClose();
          if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) void send();
        }}
      />
      <div className="mt-2 flex justify-end gap-2">
        <Button look="quiet" onClick={onClose}>
          Cancel
        </Button>
        <Button look="primary" type="submit" busy={busy} disabled={words.trim() === ""}>
          Send to the agent
        </Button>
      </div>
    </form>
  );
}
