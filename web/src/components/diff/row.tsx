/** A row of a diff below its file's head. Layer: components. */
import { UnfoldVertical } from "lucide-react";
import { memo } from "react";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { cx } from "@/lib/classes";
import type { FileRow, GapRow, NoteRow, Row, SideLine } from "@/lib/diff/rows";
import { count } from "@/lib/format";
import { shownOnOneLine } from "@/lib/text/harmless";
import type { Place } from "./comment-form";
import { grounds, LineText, signs } from "./line";

type Pick = (side: Place["side"], line: number, more: boolean) => void;

const notes: Record<Exclude<NoteRow["note"], "folded">, string> = {
  binary: "A binary file: its lines are not shown.",
  too_large: "Too large to be shown here. `telecoder diff` gives the whole patch.",
  moved: "Moved without a change.",
  empty: "No line changed (a new empty file, or its mode).",
};

/** The row. */
export const DiffRow = memo(
  function DiffRow({
    row,
    place,
    onPick,
    onUnfold,
    onOpen,
  }: {
    row: Exclude<Row, FileRow>;
    place: Place | null;
    onPick?: Pick | undefined;
    onUnfold: () => void;
    /** Opens a gap; absent: gaps stay closed. */
    onOpen?: ((gap: GapRow) => void) | undefined;
  }) {
    switch (row.type) {
      case "gap":
        return (
          <div className="flex h-7 items-center gap-2 bg-n2 text-n11 text-xs">
            {onOpen && row.hidden !== 0 ? (
              <button
                type="button"
                className="flex h-full shrink-0 items-center gap-2 px-3 hover:bg-n4 hover:text-n12 focus-visible:outline-offset-[-2px]"
                onClick={() => onOpen(row)}
              >
                <Icon of={UnfoldVertical} className="size-3.5" />
                {row.hidden === null ? "Show the lines below" : `Show ${count(row.hidden, "unchanged line")}`}
              </button>
            ) : (
              <span className="shrink-0 px-3">⋯ {row.hidden ? count(row.hidden, "unchanged line") : ""}</span>
            )}
            <span className="truncate pr-3 font-mono text-n10" dir="ltr">
              {shownOnOneLine(row.heading.slice(0, 200))}
            </span>
          </div>
        );
      case "note":
        if (row.note !== "folded") return <p className="px-4 py-3 text-n11">{notes[row.note]}</p>;
        return (
          <div className="px-3 py-2">
            <Button size="small" onClick={onUnfold}>
              Show its lines
            </Button>
          </div>
        );
      case "line": {
        const side = row.kind === "removed" ? "old" : "new";
        const line = (side === "old" ? row.old : row.new) ?? 0;
        return (
          <div className={cx("flex font-mono text-xs leading-5", grounds[row.kind])} dir="ltr">
            <LineNumber at={row.old} />
            <LineNumber at={row.new} />
            <Sign {...{ side, line, onPick, place }} sign={signs[row.kind]} />
            <span className="min-w-0 flex-1 whitespace-pre-wrap wrap-anywhere pr-3">
              <LineText
                kind={row.kind}
                text={row.text}
                pair={row.pair}
                place={{ hunk: row.hunk, side, number: line }}
              />
            </span>
          </div>
        );
      }
      case "split":
        return (
          <div className="grid grid-cols-2 font-mono text-xs leading-5" dir="ltr">
            <Side line={row.left} side="old" hunk={row.hunk} onPick={onPick} place={place} />
            <Side line={row.right} side="new" hunk={row.hunk} onPick={onPick} place={place} />
          </div>
        );
    }
  },
  (before, after) =>
    before.row === after.row && before.place === after.place && !before.onPick === !after.onPick,
);

function Side({
  line,
  side,
  hunk,
  onPick,
  place,
}: {
  line: SideLine | undefined;
  side: Place["side"];
  hunk: number;
  onPick: Pick | undefined;
  place: Place | null;
}) {
  if (!line) return <div className="border-n5 bg-n2 even:border-l" />;
  return (
    <div className={cx("flex min-w-0 border-n5 even:border-l", grounds[line.kind])}>
      <LineNumber at={line.number} />
      <Sign side={side} line={line.number} onPick={onPick} place={place} sign={signs[line.kind]} />
      <span className="min-w-0 flex-1 whitespace-pre-wrap wrap-anywhere pr-2">
        <LineText
          kind={line.kind}
          text={line.text}
          pair={line.pair}
          place={{ hunk, side, number: line.number }}
        />
      </span>
    </div>
  );
}

function LineNumber({ at }: { at: number | undefined }) {
  return <span className="tabular w-9 shrink-0 select-none pr-1.5 text-right text-n10">{at ?? ""}</span>;
}

function Sign({
  side,
  line,
  sign,
  onPick,
  place,
}: {
  side: Place["side"];
  line: number;
  sign: string;
  onPick: Pick | undefined;
  place: Place | null;
}) {
  const chosen = place !== null && place.side === side && line >= place.from && line <= place.to;
  if (!onPick) return <span className="w-5 shrink-0 select-none text-center">{sign}</span>;
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={`Comment on line ${line}`}
      title="Comment on this line"
      onClick={(event) => onPick(side, line, event.shiftKey)}
      className={cx(
        "group/sign h-5 w-5 shrink-0 self-start select-none text-center hover:bg-accent hover:text-on-accent focus-visible:bg-accent focus-visible:text-on-accent",
        chosen && "bg-accent text-on-accent",
      )}
    >
      <span className="group-hover/sign:hidden">{sign === " " ? "\u00a0" : sign}</span>
      <span className="hidden group-hover/sign:inline">+</span>
    </button>
  );
}
