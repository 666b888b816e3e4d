/** The diff of one edit, in a few lines. Layer: components. */
import { useMemo, useState } from "react";
import { ChangeSize } from "@/components/status";
import { Button } from "@/components/ui/button";
import { cx } from "@/lib/classes";
import { rowsOf } from "@/lib/diff/rows";
import { textDiff } from "@/lib/diff/text-diff";
import { shownOnOneLine } from "@/lib/text/harmless";
import { PaintedFile, usePaint } from "./code-paint";
import { grounds, LineText, signs } from "./line";

const FIRST = 14;
const NONE: ReadonlySet<number> = new Set();

/** An edit as the agent tells it. */
export function SmallDiff({
  path,
  before,
  after,
  bare = false,
}: {
  path: string;
  before: string | null;
  after: string;
  /** Its path and size stand elsewhere already. */
  bare?: boolean;
}) {
  const [most, setMost] = useState(FIRST);
  const paint = usePaint();
  const file = useMemo(() => textDiff(path, before, after), [path, before, after]);
  const rows = useMemo(
    () => rowsOf([file], { layout: "unified", closed: NONE, folded: NONE }).slice(1),
    [file],
  );
  return (
    <figure className="min-w-0 overflow-hidden rounded-md border border-n5">
      {!bare && (
        <figcaption className="flex items-center gap-3 border-n5 border-b bg-n2 px-3 py-1">
          <span
            className="min-w-0 flex-1 truncate font-mono text-n11 text-xs"
            dir="ltr"
            title={shownOnOneLine(path)}
          >
            {shownOnOneLine(path.replace(/^\/workspace\//, ""))}
          </span>
          <ChangeSize stat={file} />
        </figcaption>
      )}
      <PaintedFile paint={paint} file={file}>
        <pre className="text-xs leading-5" dir="ltr">
          {rows.slice(0, most).map((row, at) =>
            row.type === "line" ? (
              <span
                // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name, and do not move.
                key={at}
                className={cx("block whitespace-pre-wrap wrap-anywhere px-3", grounds[row.kind])}
              >
                <span className="select-none text-n11">{signs[row.kind]} </span>
                <LineText
                  kind={row.kind}
                  text={row.text}
                  pair={row.pair}
                  place={{
                    hunk: row.hunk,
                    side: row.kind === "removed" ? "old" : "new",
                    number: (row.kind === "removed" ? row.old : row.new) ?? 0,
                  }}
                />
              </span>
            ) : (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name, and do not move.
              <span key={at} className="block px-3 text-n10">
                ⋯
              </span>
            ),
          )}
        </pre>
      </PaintedFile>
      {rows.length > most && (
        <Button size="small" look="quiet" className="m-1" onClick={() => setMost(most + 500)}>
          Show {rows.length - most} more lines
        </Button>
      )}
    </figure>
  );
}
