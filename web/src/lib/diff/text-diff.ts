/** The diff of two texts by lines (layer: lib, pure), for the edits that an agent tells with whole texts.
 *
 *  Invariants: bounded work (the cost of Myers' algorithm grows with the changes, and above a bound the middle is told as one
 *  replacement); the result is a valid diff whatever the texts; context as git shows it, three lines. */
import { linesOf } from "@/lib/text/cut";
import { sameEnds } from "./ends";
import type { DiffFile, DiffHunk, DiffLine } from "./wire";

const CONTEXT = 3;
const MAX_CHANGES = 400;
const MAX_LINES = 20_000;

/** The change from one text to another, as the diff of a file. `before` is `null` for a new file. */
export function textDiff(path: string, before: string | null, after: string): DiffFile {
  const lines = diffLines(linesOf(before ?? ""), linesOf(after));
  return {
    path,
    oldPath: null,
    change: before === null ? "added" : "modified",
    binary: false,
    additions: lines.filter((line) => line.kind === "added").length,
    deletions: lines.filter((line) => line.kind === "removed").length,
    hunks: hunksOf(lines),
  };
}

function diffLines(old: string[], now: string[]): DiffLine[] {
  const { head, tail } = sameEnds(old, now);
  const context = (texts: string[]): DiffLine[] => texts.map((text) => ({ kind: "context", text }));
  return [
    ...context(old.slice(0, head)),
    ...middle(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...context(tail === 0 ? [] : old.slice(-tail)),
  ];
}

function replaced(old: string[], now: string[]): DiffLine[] {
  return [
    ...old.map((text): DiffLine => ({ kind: "removed", text })),
    ...now.map((text): DiffLine => ({ kind: "added", text })),
  ];
}

/** Myers' greedy algorithm, forwards, with the furthest points of each step kept for the way back. */
function middle(old: string[], now: string[]): DiffLine[] {
  if (old.length === 0 || now.length === 0 || old.length + now.length > MAX_LINES) return replaced(old, now);
  const most = Math.min(old.length + now.length, MAX_CHANGES);
  const offset = most + 1;
  let furthest = new Int32Array(2 * most + 3);
  const trace: Int32Array[] = [];
  for (let changes = 0; changes <= most; changes += 1) {
    trace.push(furthest.slice());
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      const below = furthest[offset + diagonal - 1] ?? 0;
      const above = furthest[offset + diagonal + 1] ?? 0;
      const down = diagonal === -changes || (diagonal !== changes && below < above);
      let x = down ? above : below + 1;
      let y = x - diagonal;
      while (x < old.length && y < now.length && old[x] === now[y]) {
        x += 1;
        y += 1;
      }
      furthest[offset + diagonal] = x;
      if (x >= old.length && y >= now.length) return wayBack(old, now, trace, offset);
    }
  }
  furthest = new Int32Array(0);
  return replaced(old, now);
}

function wayBack(old: string[], now: string[], trace: Int32Array[], offset: number): DiffLine[] {
  const lines: DiffLine[] = [];
  let x = old.length;
  let y = now.length;
  for (let changes = trace.length - 1; changes >= 0; changes -= 1) {
    const furthest = trace[changes] ?? new Int32Array(0);
    const diagonal = x - y;
    const below = furthest[offset + diagonal - 1] ?? 0;
    const above = furthest[offset + diagonal + 1] ?? 0;
    const down = diagonal === -changes || (diagonal !== changes && below < above);
    const fromX = changes === 0 ? 0 : down ? above : below;
    const fromY = changes === 0 ? 0 : fromX - (down ? diagonal + 1 : diagonal - 1);
    while (
      x > fromX &&
      y > fromY &&
      old[x - 1] === now[y - 1] &&
      !(changes > 0 && (down ? x === fromX : y === fromY))
    ) {
      lines.push({ kind: "context", text: old[x - 1] ?? "" });
      x -= 1;
      y -= 1;
    }
    if (changes === 0) break;
    if (down) lines.push({ kind: "added", text: now[y - 1] ?? "" });
    else lines.push({ kind: "removed", text: old[x - 1] ?? "" });
    x = fromX;
    y = fromY;
  }
  return removedFirst(lines.reverse());
}

/** Within a run of changes, what was removed stands before what was added. */
function removedFirst(lines: DiffLine[]): DiffLine[] {
  const sorted: DiffLine[] = [];
  let added: DiffLine[] = [];
  for (const line of lines) {
    if (line.kind === "added") added.push(line);
    else {
      if (line.kind === "context") {
        sorted.push(...added);
        added = [];
      }
      sorted.push(line);
    }
  }
  return [...sorted, ...added];
}

function hunksOf(lines: DiffLine[]): DiffHunk[] {
  const hunks: DiffHunk[] = [];
  let hunk: DiffHunk | null = null;
  let old = 1;
  let now = 1;
  let quiet = 0;
  lines.forEach((line, at) => {
    if (line.kind === "context") {
      quiet += 1;
      if (hunk && quiet > CONTEXT && !changesSoon(lines, at)) hunk = null;
      else hunk?.lines.push(line);
    } else {
      quiet = 0;
      if (!hunk) {
        const from = Math.max(0, at - CONTEXT);
        const lead = lines.slice(from, at);
        hunk = { oldStart: old - lead.length, newStart: now - lead.length, heading: "", lines: lead };
        hunks.push(hunk);
      }
      hunk.lines.push(line);
    }
    if (line.kind !== "added") old += 1;
    if (line.kind !== "removed") now += 1;
  });
  return hunks;
}

/** Whether a change follows so soon that two hunks would touch. */
function changesSoon(lines: DiffLine[], at: number): boolean {
  for (let next = at; next < at + CONTEXT + 1 && next < lines.length; next += 1) {
    if (lines[next]?.kind !== "context") return true;
  }
  return false;
}
