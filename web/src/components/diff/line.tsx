/** The text of a line of a diff: harmless, bounded, with its changed words marked. Layer: components. */
import { useMemo, useState } from "react";
import type { DiffLine } from "@/lib/diff/wire";
import { marksOf } from "@/lib/diff/words";
import { cut, LINE_LIMIT } from "@/lib/text/cut";
import { shown } from "@/lib/text/harmless";

/** The words of a line. */
export function LineText({
  kind,
  text,
  pair,
}: {
  kind: DiffLine["kind"];
  text: string;
  pair?: string | undefined;
}) {
  const [most, setMost] = useState(LINE_LIMIT);
  const { text: head, rest } = cut(text, most);
  const parts = useMemo(
    () => (rest === 0 && pair !== undefined ? marked(kind, head, pair) : null),
    [kind, head, pair, rest],
  );
  return (
    <>
      {parts === null
        ? shown(head)
        : parts.map((part, at) =>
            part.marked ? (
              <mark
                // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line have no other name.
                key={at}
                className={
                  kind === "added" ? "bg-diff-add-word text-current" : "bg-diff-del-word text-current"
                }
              >
                {shown(part.text)}
              </mark>
            ) : (
              shown(part.text)
            ),
          )}
      {rest > 0 && (
        <button type="button" className="ml-2 text-accent-text underline" onClick={() => setMost(most * 10)}>
          show {rest.toLocaleString("en")} more characters
        </button>
      )}
    </>
  );
}

function marked(
  kind: DiffLine["kind"],
  text: string,
  pair: string,
): { text: string; marked: boolean }[] | null {
  const marks = kind === "removed" ? marksOf(text, pair).old : marksOf(pair, text).new;
  if (marks.length === 0) return null;
  const parts: { text: string; marked: boolean }[] = [];
  let at = 0;
  for (const mark of marks) {
    if (mark.from > at) parts.push({ text: text.slice(at, mark.from), marked: false });
    parts.push({ text: text.slice(mark.from, mark.to), marked: true });
    at = mark.to;
  }
  if (at < text.length) parts.push({ text: text.slice(at), marked: false });
  return parts;
}

/** The grounds of lines. */
export const grounds: Record<DiffLine["kind"], string> = {
  context: "",
  added: "bg-diff-add",
  removed: "bg-diff-del",
};

/** The signs of lines, so that colour is not the only one. */
export const signs: Record<DiffLine["kind"], string> = { context: " ", added: "+", removed: "−" };
