/** A whole change: tree, files, lines; virtualised, so that long ones stay smooth. Layer: components.
 *
 *  Keys: n and p go between hunks, N and P between files, o opens the unchanged lines before a hunk; the arrows go from line
 *  to line, and a line that has the focus is commented on with Enter. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { cx } from "@/lib/classes";
import { foldOf } from "@/lib/diff/generated";
import { type GapRow, type Layout, rowsOf, stopsOf } from "@/lib/diff/rows";
import { inTreeOrder } from "@/lib/diff/tree";
import type { Diff, DiffFile } from "@/lib/diff/wire";
import { useMedia } from "@/lib/media";
import { useShortcuts } from "@/lib/shortcuts";
import { useKept } from "@/lib/storage";
import { PaintedFile, usePaint } from "./code-paint";
import { CommentForm, type Place } from "./comment-form";
import { DiffBar } from "./diff-bar";
import { FileHead } from "./file-head";
import { DiffRow } from "./row";
import { FileTree } from "./tree";
import { type LoadText, useGaps } from "./use-gaps";

/** The width from which the tree has a place of its own beside the lines, in pixels. */
const ROOMY = 704;

/** The view. `name` keeps its viewed marks; without `onComment` there are no comments, without `onText` no gap opens. */
export function DiffView({
  diff,
  name,
  onComment,
  onText,
  active = true,
}: {
  diff: Diff;
  name: string;
  onComment?: ((place: Place, words: string) => Promise<unknown>) | undefined;
  onText?: LoadText | undefined;
  /** Whether it is in sight, so that keys mean it. */
  active?: boolean;
}) {
  const files = useMemo(() => inTreeOrder(diff.files), [diff.files]);
  const [chosen, setLayout] = useKept<Layout>("diff-layout", "unified");
  // Two versions side by side need room for two.
  const narrow = useMedia("(max-width: 40rem)");
  const layout = narrow ? "unified" : chosen;
  // Unless somebody chose, there is a tree where there is room for one.
  const [tree, setTree] = useKept<boolean | null>("diff-files", null);
  const [viewed, setViewed] = useKept<Record<string, string>>(`viewed.${name}`, {});
  const [closed, setClosed] = useState<ReadonlySet<string>>(() => new Set());
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => new Set());
  const [place, setPlace] = useState<Place | null>(null);
  const gaps = useGaps(files, onText);
  const paint = usePaint();
  const isViewed = (file: DiffFile) => viewed[file.path] === mark(file);
  const canOpen = onText !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the opened gaps stand for what gives their lines.
  const rows = useMemo(() => {
    const which = (test: (file: DiffFile) => boolean) =>
      new Set(files.flatMap((file, at) => (test(file) ? [at] : [])));
    return rowsOf(files, {
      layout,
      closed: which((file) => closed.has(file.path)),
      folded: which((file) => foldOf(file) !== null && !opened.has(file.path)),
      ...(canOpen && { opened: gaps.linesAt }),
    });
  }, [files, layout, closed, opened, gaps.opened, canOpen]);
  const stops = useMemo(() => stopsOf(rows), [rows]);
  const around = useRef<HTMLDivElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: (at) => (rows[at]?.type === "file" ? 36 : rows[at]?.type === "gap" ? 28 : 20),
    overscan: 20,
    scrollPaddingStart: 40,
  });
  const top = rows[list.range?.startIndex ?? 0]?.file ?? 0;
  const [aim, setAim] = useState<{ at: number; align: "start" | "auto" } | null>(null);
  // Keys may come faster than the focus moves.
  const coming = useRef<number | null>(null);
  if (aim !== null) coming.current = aim.at;
  useEffect(() => {
    if (aim === null) return;
    list.scrollToIndex(aim.at, { align: aim.align });
    const frame = requestAnimationFrame(() => {
      scroll.current
        ?.querySelector<HTMLElement>(`[data-index="${aim.at}"] button`)
        ?.focus({ preventScroll: true });
      coming.current = null;
      setAim(null);
    });
    return () => cancelAnimationFrame(frame);
  }, [aim, list]);
  const here = () => {
    if (coming.current !== null) return coming.current;
    const focused = scroll.current?.querySelector("[data-index]:focus-within")?.getAttribute("data-index");
    return focused == null ? null : Number(focused);
  };
  const step = (places: number[], by: 1 | -1) => {
    const from = here() ?? (by === 1 ? (list.range?.startIndex ?? 0) - 1 : (list.range?.startIndex ?? 0));
    const next = by === 1 ? places.find((at) => at > from) : places.findLast((at) => at < from);
    if (next !== undefined) setAim({ at: next, align: "start" });
  };
  const open = async (gap: GapRow) => {
    const at = rows.indexOf(gap);
    if (await gaps.open(gap)) setAim({ at, align: "auto" });
  };
  const group = "Diff";
  useShortcuts(
    active
      ? [
          { keys: "n", does: "Next hunk", group, run: () => step(stops.hunks, 1) },
          { keys: "p", does: "Previous hunk", group, run: () => step(stops.hunks, -1) },
          { keys: "N", does: "Next file", group, run: () => step(stops.files, 1) },
          { keys: "P", does: "Previous file", group, run: () => step(stops.files, -1) },
          {
            keys: "o",
            does: "Show the unchanged lines above",
            group,
            run: () => {
              const gap = rows.slice(0, (here() ?? list.range?.startIndex ?? 0) + 1).findLast(isGap);
              if (gap !== undefined && canOpen) void open(gap);
            },
          },
        ]
      : [],
  );
  const arrows = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const from = here();
    if (by === undefined || from === null || event.altKey || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    for (let at = from + by; at >= 0 && at < rows.length; at += by) {
      if (rows[at]?.type === "note") continue;
      setAim({ at, align: "auto" });
      return;
    }
  };
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
          const with_ = new Set([...closed, file.path]);
          setClosed(now ? with_ : toggle(with_, file.path));
        }}
      />
    );
  };
  return (
    <div ref={around} className="@container flex min-h-0 flex-1 flex-col">
      <DiffBar
        stat={diff.stat}
        viewed={files.filter(isViewed).length}
        files={files.length}
        layout={layout}
        {...(!narrow && { onLayout: setLayout })}
        tree={tree}
        onTree={() => setTree(!(tree ?? (around.current?.clientWidth ?? 0) >= ROOMY))}
      />
      <div className="flex min-h-0 flex-1 flex-col @min-[44rem]:flex-row">
        {tree !== false && files.length > 1 && (
          <nav
            aria-label="Changed files"
            className={cx(
              "max-h-40 shrink-0 overflow-auto border-n5 border-b py-1 @min-[44rem]:max-h-none @min-[44rem]:w-52 @min-[44rem]:border-r @min-[44rem]:border-b-0",
              tree === null && "hidden @min-[44rem]:block",
            )}
          >
            <FileTree
              files={files}
              current={top}
              onGo={(file) => setAim({ at: stops.files[file] ?? 0, align: "start" })}
            />
          </nav>
        )}
        <section
          ref={scroll}
          className="min-h-0 min-w-0 flex-1 overflow-auto outline-offset-[-2px]"
          aria-label="Changed lines"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a long change is scrolled by keys.
          tabIndex={0}
          onKeyDown={arrows}
        >
          <div className="sticky top-0 z-10 h-0" aria-hidden>
            {head(top, true)}
          </div>
          <div className="relative" style={{ height: list.getTotalSize() }}>
            {list.getVirtualItems().map((item) => {
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
                    <PaintedFile paint={paint} file={file}>
                      <DiffRow
                        row={row}
                        place={place?.path === file.path ? place : null}
                        onUnfold={() => setOpened(new Set([...opened, file.path]))}
                        onOpen={canOpen ? (gap) => void open(gap) : undefined}
                        onPick={
                          onComment &&
                          ((side, line, more) =>
                            setPlace((before) => picked(before, file.path, side, line, more)))
                        }
                      />
                    </PaintedFile>
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

const isGap = (row: { type: string; hidden?: unknown }): row is GapRow =>
  row.type === "gap" && row.hidden !== 0;

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
