/** The text of a line of a diff: harmless, bounded, in the colours of its code, with its changed words marked. Layer: components. */
import { useMemo, useState } from "react";
import { colorOf } from "@/components/prose/code-colors";
import { partsOf } from "@/lib/diff/paint";
import type { DiffLine } from "@/lib/diff/wire";
import { marksOf } from "@/lib/diff/words";
import { cut, LINE_LIMIT } from "@/lib/text/cut";
import { shown } from "@/lib/text/harmless";
import { type LinePlace, useSpans } from "./code-paint";

/** The words of a line. */
export function LineText({
  kind,
  text,
  pair,
  place,
}: {
  kind: DiffLine["kind"];
  text: string;
  pair?: string | undefined;
  place: LinePlace;
}) {
  const [most, setMost] = useState(LINE_LIMIT);
  const { text: head, rest } = cut(text, most);
  const spans = useSpans(place, text);
  const parts = useMemo(() => {
    // What is not shown as it is, is shown in one piece.
    if (rest > 0 || shown(head) !== head) return null;
    const marks = pair === undefined ? [] : marksBetween(kind, head, pair);
    return spans.length + marks.length === 0 ? null : partsOf(head, spans, marks);
  }, [kind, head, pair, rest, spans]);
  const ground = kind === "added" ? "bg-diff-add-word text-current" : "bg-diff-del-word text-current";
  return (
    <>
      {parts === null
        ? shown(head)
        : parts.map((part, at) => {
            const Element = part.marked ? "mark" : "span";
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line have no other name.
              <Element key={at} className={part.marked ? ground : colorOf(part.scope)}>
                {part.text}
              </Element>
            );
          })}
      {rest > 0 && (
        <button type="button" className="ml-2 text-accent-text underline" onClick={() => setMost(most * 10)}>
          show {rest.toLocaleString("en")} more characters
        </button>
      )}
    </>
  );
}

function marksBetween(kind: DiffLine["kind"], text: string, pair: string) {
  return kind === "removed" ? marksOf(text, pair).old : marksOf(pair, text).new;
}

/** The grounds of lines. */
export const grounds: Record<DiffLine["kind"], string> = {
  context: "",
  added: "bg-diff-add",
  removed: "bg-diff-del",
};

/** The signs of lines, so that colour is not the only one. */
export const signs: Record<DiffLine["kind"], string> = { context: " ", added: "+", removed: "−" };
