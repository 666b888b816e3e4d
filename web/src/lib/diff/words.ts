/** Word-level marks of two versions of a line (layer: lib, pure). Invariants: bounded work whatever the lines; marks are
 *  ranges in order that do not touch; lines that have little in common get none, because all would be marked. */
import { sameEnds } from "./ends";

/** A marked range of a line, in UTF-16 units. */
export interface Mark {
  from: number;
  to: number;
}

export interface Marks {
  old: Mark[];
  new: Mark[];
}

const NONE: Marks = { old: [], new: [] };
/** Longer lines are compared by their common ends only. */
const MAX_TOKENS = 300;
const MAX_LENGTH = 10_000;
/** The least share of a line that must be unchanged. */
const LEAST_SHARED = 0.35;

/** What differs between two versions of a line. */
export function marksOf(before: string, after: string): Marks {
  if (before === after || before.length > MAX_LENGTH || after.length > MAX_LENGTH) return NONE;
  if (before.trim() === "" || after.trim() === "") return NONE;
  const old = tokensOf(before);
  const now = tokensOf(after);
  const { head, tail } = sameEnds(old, now);
  const oldKept = new Array<boolean>(old.length).fill(true);
  const newKept = new Array<boolean>(now.length).fill(true);
  markMiddle(old, now, head, tail, oldKept, newKept);
  const shared = Math.max(sharedWords(old, oldKept), sharedWords(now, newKept));
  if (shared < LEAST_SHARED) return NONE;
  return { old: rangesOf(old, oldKept), new: rangesOf(now, newKept) };
}

function tokensOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];
}

function markMiddle(
  old: string[],
  now: string[],
  head: number,
  tail: number,
  oldKept: boolean[],
  newKept: boolean[],
): void {
  const a = old.slice(head, old.length - tail);
  const b = now.slice(head, now.length - tail);
  oldKept.fill(false, head, head + a.length);
  newKept.fill(false, head, head + b.length);
  if (a.length === 0 || b.length === 0 || a.length > MAX_TOKENS || b.length > MAX_TOKENS) return;
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  const at = (row: number, column: number) => longest[row * width + column] ?? 0;
  for (let row = a.length - 1; row >= 0; row -= 1) {
    for (let column = b.length - 1; column >= 0; column -= 1) {
      longest[row * width + column] =
        a[row] === b[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  let row = 0;
  let column = 0;
  while (row < a.length && column < b.length) {
    if (a[row] === b[column]) {
      oldKept[head + row] = true;
      newKept[head + column] = true;
      row += 1;
      column += 1;
    } else if (at(row + 1, column) >= at(row, column + 1)) row += 1;
    else column += 1;
  }
}

function sharedWords(tokens: string[], kept: boolean[]): number {
  let all = 0;
  let same = 0;
  tokens.forEach((token, at) => {
    if (token.trim() === "") return;
    all += token.length;
    if (kept[at]) same += token.length;
  });
  return all === 0 ? 1 : same / all;
}

function rangesOf(tokens: string[], kept: boolean[]): Mark[] {
  const marks: Mark[] = [];
  let at = 0;
  tokens.forEach((token, index) => {
    const last = marks[marks.length - 1];
    const isGap = kept[index] && token.trim() === "" && kept[index + 1] === false && last?.to === at;
    if (!kept[index] || isGap) {
      if (last && last.to === at) last.to = at + token.length;
      else marks.push({ from: at, to: at + token.length });
    }
    at += token.length;
  });
  return marks;
}
