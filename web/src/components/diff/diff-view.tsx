/** A whole change: tree, files, lines; virtualised, so that long ones stay smooth. Layer: components.
 *
 *  Keys: n and p go between hunks, N and P between files; a line that has the focus is commented on with Enter. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { Columns2, ListTree, Rows3 } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { ChangeSize } from "@/components/status";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { cx } from "@/lib/classes";
import { foldOf } from "@/lib/diff/generated";
import { type Layout, rowsOf, stopsOf } from "@/lib/diff/rows";
import { inTreeOrder } from "@/lib/diff/tree";
import type { Diff, DiffFile } from "@/lib/diff/wire";
import { count } from "@/lib/format";
import { useShortcuts } from "@/lib/shortcuts";
import { useKept } from "@/lib/storage";
import { CommentForm, type Place } from "./comment-form";
import { FileHead } from "./file-head";
import { DiffRow } from "./row";
import { FileTree } from "./tree";

/** The view. `name` keeps its viewed marks; without `onComment` there are no comments. */
export function DiffView({
  diff,
  name,
  onComment,
}: {
  diff: Diff;
  name: string;
  onComment?: ((place: Place, words: string) => Promise<unknown>) | undefined;
}) {
  const files = useMemo(() => inTreeOrder(diff.files), [diff.files]);
  const [layout, setLayout] = useKept<Layout>("diff-layout", "unified");
  const [tree, setTree] = useKept("diff-tree", true);
  const [viewed, setViewed] = useKept<Record<string, string>>(`viewed.${name}`, {});
  const [closed, setClosed] = useState<ReadonlySet<string>>(() => new Set());
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => new Set());
  const [place, setPlace] = useState<Place | null>(null);
  const isViewed = (file: DiffFile) => viewed[file.path] === mark(file);
  const rows = useMemo(() => {
    const which = (test: (file: DiffFile) => boolean) =>
      new Set(files.flatMap((file, at) => (test(file) ? [at] : [])));
    return rowsOf(files, {
      layout,
      closed: which((file) => closed.has(file.path)),
      folded: which((file) => foldOf(file) !== null && !opened.has(file.path)),
    });
  }, [files, layout, closed, opened]);
  const stops = useMemo(() => stopsOf(rows), [rows]);
  const scroll = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: (at) => (rows[at]?.type === "file" ? 36 : rows[at]?.type === "gap" ? 28 : 20),
    overscan: 20,
    scrollPaddingStart: 40,
  });
  const shownRows = list.getVirtualItems();
  const top = rows[list.range?.startIndex ?? 0]?.file ?? 0;
  const [aim, setAim] = useState<number | null>(null);
  useEffect(() => {
    if (aim === null) return;
    list.scrollToIndex(aim, { align: "start" });
    const frame = requestAnimationFrame(() => {
      scroll.current
        ?.querySelector<HTMLElement>(`[data-index="${aim}"] button`)
        ?.focus({ preventScroll: true });
      setAim(null);
    });
    return () => cancelAnimationFrame(frame);
  }, [aim, list]);
  const here = () => list.range?.startIndex ?? 0;
  const step = (places: number[], by: 1 | -1) => {
    const focused = scroll.current?.querySelector("[data-index]:focus-within")?.getAttribute("data-index");
    const from = focused == null ? here() : Number(focused);
    const next = by === 1 ? places.find((at) => at > from) : places.findLast((at) => at < from);
    if (next !== undefined) setAim(next);
  };
  const group = "Diff";
  useShortcuts([
    { keys: "n", does: "Next hunk", group, run: () => step(stops.hunks, 1) },
    { keys: "p", does: "Previous hunk", group, run: () => step(stops.hunks, -1) },
    { keys: "N", does: "Next file", group, run: () => step(stops.files, 1) },
    { keys: "P", does: "Previous file", group, run: () => step(stops.files, -1) },
  ]);
  const toggle = (set: ReadonlySet<string>, path: string) => {
    const next = new Set(set);
    if (!next.delete(path)) next.add(path);
    return next;
  };
  const head = (at: number, sticky: boolean) => {
    const file = files[at];
    if (!file) return null;
    return (
      <FileHead
        file={file}
        fold={foldOf(file)}
        open={!closed.has(file.path)}
        viewed={isViewed(file)}
        hidden={sticky}
        onToggle={() => setClosed(toggle(closed, file.path))}
        onViewed={(now) => {
          const { [file.path]: _, ...others } = viewed;
          setViewed(now ? { ...others, [file.path]: mark(file) } : others);
          setClosed(
            now ? new Set([...closed, file.path]) : toggle(new Set([...closed, file.path]), file.path),
          );
        }}
      />
    );
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex flex-wrap items-center gap-2 border-n5 border-b px-3 py-1.5 text-n11 text-xs">
        <Button size="small" look="quiet" aria-pressed={tree} onClick={() => setTree(!tree)}>
          <Icon of={ListTree} />
          Files
        </Button>
        <span>{count(diff.stat.files, "file")}</span>
        <ChangeSize stat={diff.stat} />
        <span>
          {files.filter(isViewed).length}/{files.length} viewed
        </span>
        <Button
          size="small"
          look="quiet"
          className="ml-auto"
          onClick={() => setLayout(layout === "split" ? "unified" : "split")}
        >
          <Icon of={layout === "split" ? Rows3 : Columns2} />
          {layout === "split" ? "Unified" : "Side by side"}
        </Button>
      </div>
      <div className="flex min-h-0 flex-1">
        {tree && files.length > 1 && (
          <nav
            aria-label="Changed files"
            className="hidden w-52 shrink-0 overflow-auto border-n5 border-r py-1 sm:block"
          >
            <FileTree files={files} current={top} onGo={(file) => setAim(stops.files[file] ?? 0)} />
          </nav>
        )}
        <section
          ref={scroll}
          className="min-w-0 flex-1 overflow-auto"
          aria-label="Changed lines"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a long change is scrolled by keys.
          tabIndex={0}
        >
          <div className="sticky top-0 z-10 h-0" aria-hidden>
            {head(top, true)}
          </div>
          <div className="relative" style={{ height: list.getTotalSize() }}>
            {shownRows.map((item) => {
              const row = rows[item.index];
              const file = row && files[row.file];
              if (!row || !file) return null;
              return (
                <div
                  key={item.key}
                  data-index={item.index}
                  ref={list.measureElement}
                  className="absolute inset-x-0 top-0"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  {row.type === "file" ? (
                    head(row.file, false)
                  ) : (
                    <DiffRow
                      row={row}
                      place={place?.path === file.path ? place : null}
                      onUnfold={() => setOpened(new Set([...opened, file.path]))}
                      onPick={
                        onComment &&
                        ((side, line, more) =>
                          setPlace((before) => picked(before, file.path, side, line, more)))
                      }
                    />
                  )}
                </div>
              );
            })}
          </div>
        </section>
      </div>
      {place && onComment && (
        <CommentForm
          place={place}
          onClose={() => setPlace(null)}
          onSend={(words) => onComment(place, words)}
        />
      )}
    </div>
  );
}

function picked(before: Place | null, path: string, side: Place["side"], line: number, more: boolean): Place {
  if (!more || before?.path !== path || before.side !== side) return { path, side, from: line, to: line };
  return { path, side, from: Math.min(before.from, line), to: Math.max(before.to, line) };
}

/** What a viewed mark holds, so that it goes when the file changes again. */
function mark(file: DiffFile): string {
  let hash = 0;
  for (const hunk of file.hunks)
    for (const line of hunk.lines)
      for (let at = 0; at < line.text.length; at += 1) hash = (hash * 31 + line.text.charCodeAt(at)) | 0;
  return cx(String(hash), String(file.additions), String(file.deletions));
}
