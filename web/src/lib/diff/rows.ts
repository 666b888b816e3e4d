/** From a diff to the rows of a list (layer: lib, pure). Rows are what is virtualised: each is of one kind, and rows of lines
 *  have one height, so that 10,000 of them cost no more than those in sight.
 *
 *  Invariants: every line of the diff is in exactly one row (two sides of a split row count as one each); line numbers count
 *  as git counts; rows hold the wire's text as it is – making it harmless is the renderer's part. */
import type { DiffFile, DiffHunk, DiffLine } from "./wire";

/** How the two versions stand: one below the other, or side by side. */
export type Layout = "unified" | "split";

/** A line of one version, with its number there. */
export interface SideLine {
  kind: DiffLine["kind"];
  text: string;
  number: number;
  /** What stands opposite, where a removed and an added line are versions of each other. */
  pair?: string;
}

export interface FileRow {
  type: "file";
  file: number;
}

/** Unchanged lines that the diff leaves out: before the first hunk, between two, or after the last. */
export interface GapRow {
  type: "gap";
  file: number;
  /** The hunk that comes after it; behind the last one, how many hunks there are. */
  hunk: number;
  /** How many lines; `null` behind the last hunk, where the diff does not say. */
  hidden: number | null;
  /** The first of them, in the new version. */
  from: number;
  heading: string;
}

export interface UnifiedRow {
  type: "line";
  file: number;
  hunk: number;
  kind: DiffLine["kind"];
  text: string;
  pair?: string;
  old?: number;
  new?: number;
}

export interface SplitRow {
  type: "split";
  file: number;
  hunk: number;
  left?: SideLine;
  right?: SideLine;
}

/** Why a file shows no lines. */
export interface NoteRow {
  type: "note";
  file: number;
  note: "binary" | "too_large" | "moved" | "empty" | "folded";
}

export type Row = FileRow | GapRow | UnifiedRow | SplitRow | NoteRow;

export interface RowOptions {
  layout: Layout;
  /** Files that show their header only. */
  closed: ReadonlySet<number>;
  /** Files whose lines somebody asked for, although they are folded by themselves (generated, locks, very long). */
  folded: ReadonlySet<number>;
  /** The lines of a gap that somebody opened: the one before this hunk of this file. Without it, no gap can be opened. */
  opened?: (file: number, hunk: number) => readonly string[] | undefined;
}

/** Unchanged lines around a change, as git gives them. */
const CONTEXT = 3;

/** The rows of a diff, in order. */
export function rowsOf(files: readonly DiffFile[], options: RowOptions): Row[] {
  const rows: Row[] = [];
  files.forEach((file, index) => {
    rows.push({ type: "file", file: index });
    if (options.closed.has(index)) return;
    if (options.folded.has(index)) rows.push({ type: "note", file: index, note: "folded" });
    else pushFile(rows, file, index, options);
  });
  return rows;
}

function pushFile(rows: Row[], file: DiffFile, index: number, options: RowOptions): void {
  if (file.hunks.length === 0) {
    rows.push({ type: "note", file: index, note: noteOf(file) });
    return;
  }
  const push = options.layout === "unified" ? pushUnified : pushSplit;
  const gap = (hunk: number, from: Numbers, hidden: number | null, heading: string) => {
    const lines = hidden === 0 ? undefined : options.opened?.(index, hunk);
    if (lines !== undefined) {
      const context = lines.map((text): DiffLine => ({ kind: "context", text }));
      push(rows, { oldStart: from.old, newStart: from.now, heading: "", lines: context }, index, hunk);
    } else rows.push({ type: "gap", file: index, hunk, hidden, from: from.now, heading });
  };
  let next: Numbers = { old: 1, now: 1 };
  file.hunks.forEach((hunk, at) => {
    const hidden = Math.max(0, hunk.newStart - next.now);
    const from = { old: hunk.oldStart - hidden, now: hunk.newStart - hidden };
    if (hidden > 0 || at > 0) gap(at, from, hidden, hunk.heading);
    next = push(rows, hunk, index, at);
  });
  // A hunk that ends with less context than git gives ends with its file.
  const last = file.hunks.at(-1)?.lines.slice(-CONTEXT) ?? [];
  const goesOn = last.length === CONTEXT && last.every((line) => line.kind === "context");
  if (goesOn && options.opened && file.change !== "deleted") gap(file.hunks.length, next, null, "");
}

/** The next line of each version. */
interface Numbers {
  old: number;
  now: number;
}

function noteOf(file: DiffFile): NoteRow["note"] {
  if (file.binary) return "binary";
  if (file.additions + file.deletions > 0) return "too_large";
  return file.change === "renamed" ? "moved" : "empty";
}

/** A run of lines of a hunk: context, or what was removed and what came in its place. */
interface Run {
  context: DiffLine[];
  removed: DiffLine[];
  added: DiffLine[];
}

function runsOf(hunk: DiffHunk): Run[] {
  const runs: Run[] = [];
  let run: Run = { context: [], removed: [], added: [] };
  let last: DiffLine["kind"] | undefined;
  for (const line of hunk.lines) {
    const begins =
      last !== undefined &&
      ((line.kind === "context" && last !== "context") ||
        (line.kind !== "context" && last === "context") ||
        (line.kind === "removed" && last === "added"));
    if (begins) {
      runs.push(run);
      run = { context: [], removed: [], added: [] };
    }
    run[line.kind].push(line);
    last = line.kind;
  }
  runs.push(run);
  return runs;
}

function pushUnified(rows: Row[], hunk: DiffHunk, file: number, at: number): Numbers {
  let old = hunk.oldStart;
  let now = hunk.newStart;
  for (const run of runsOf(hunk)) {
    for (const line of run.context) {
      rows.push({ type: "line", file, hunk: at, kind: "context", text: line.text, old: old++, new: now++ });
    }
    run.removed.forEach((line, index) => {
      const pair = run.added[index]?.text;
      rows.push({
        type: "line",
        file,
        hunk: at,
        kind: "removed",
        text: line.text,
        old: old++,
        ...(pair === undefined ? {} : { pair }),
      });
    });
    run.added.forEach((line, index) => {
      const pair = run.removed[index]?.text;
      rows.push({
        type: "line",
        file,
        hunk: at,
        kind: "added",
        text: line.text,
        new: now++,
        ...(pair === undefined ? {} : { pair }),
      });
    });
  }
  return { old, now };
}

function pushSplit(rows: Row[], hunk: DiffHunk, file: number, at: number): Numbers {
  let old = hunk.oldStart;
  let now = hunk.newStart;
  for (const run of runsOf(hunk)) {
    for (const line of run.context) {
      rows.push({
        type: "split",
        file,
        hunk: at,
        left: { kind: "context", text: line.text, number: old++ },
        right: { kind: "context", text: line.text, number: now++ },
      });
    }
    const length = Math.max(run.removed.length, run.added.length);
    for (let index = 0; index < length; index += 1) {
      const removed = run.removed[index];
      const added = run.added[index];
      const row: SplitRow = { type: "split", file, hunk: at };
      if (removed)
        row.left = {
          kind: "removed",
          text: removed.text,
          number: old++,
          ...(added ? { pair: added.text } : {}),
        };
      if (added)
        row.right = {
          kind: "added",
          text: added.text,
          number: now++,
          ...(removed ? { pair: removed.text } : {}),
        };
      rows.push(row);
    }
  }
  return { old, now };
}

/** The places that `n` and `p` go to: the first row of each file, and of each hunk. */
export function stopsOf(rows: readonly Row[]): { files: number[]; hunks: number[] } {
  const files: number[] = [];
  const hunks: number[] = [];
  let seen = "";
  rows.forEach((row, at) => {
    if (row.type === "file") files.push(at);
    if (row.type === "line" || row.type === "split") {
      const key = `${row.file}/${row.hunk}`;
      if (key !== seen) hunks.push(at);
      seen = key;
    }
  });
  return { files, hunks };
}
