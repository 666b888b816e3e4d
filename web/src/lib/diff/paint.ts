/** Which parts of a diff's lines have which colour (layer: lib, pure). Code is read in blocks of lines, so that what goes over
 *  several lines is known for what it is, and so that a change of 10,000 lines costs no more than what is in sight.
 *
 *  Invariants: spans are in order, do not overlap, and lie within their line; a text that cannot be read has none. */
import type { DiffFile, DiffHunk } from "./wire";

/** A part of a line. */
export interface Span {
  from: number;
  to: number;
  scope: string;
}

/** A piece of code and what it is; all pieces of a text are the text. */
export interface Piece {
  text: string;
  scope: string;
}

/** Reads code; `null` where the language is not known. */
export type Read = (text: string, language: string) => Piece[] | null;

/** Lines that are read in one go. */
const BLOCK = 400;
/** A line that is longer, in characters, is data, and is read as empty. */
const LONGEST = 1_000;

type Side = "old" | "new";
type Lines = readonly (readonly Span[])[];

/** The spans of each line of a text. */
export function spansOf(pieces: readonly Piece[]): Span[][] {
  const lines: Span[][] = [[]];
  let at = 0;
  for (const { text, scope } of pieces) {
    text.split("\n").forEach((part, index) => {
      if (index > 0) {
        lines.push([]);
        at = 0;
      }
      if (scope !== "" && part !== "") lines.at(-1)?.push({ from: at, to: at + part.length, scope });
      at += part.length;
    });
  }
  return lines;
}

/** What a file is written in, by its name. */
export function languageOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  if (/^(dockerfile|makefile|justfile|\.bashrc|\.profile)/.test(name)) return "bash";
  if (/^(cargo|poetry|pdm|uv)\.lock$/.test(name)) return "ini";
  return name.includes(".") ? name.slice(name.lastIndexOf(".") + 1) : "";
}

/** Reads the code of diffs and remembers it as long as the diff is there. */
export class Paint {
  readonly #read: Read;
  readonly #known = new WeakMap<DiffHunk, Map<string, Lines>>();

  constructor(read: Read) {
    this.#read = read;
  }

  /** The spans of a line: the one with this number on this side of a hunk. Lines that the hunk does not hold (unchanged ones
   *  that somebody opened) are read by themselves. */
  spans(file: DiffFile, hunk: number, side: Side, number: number, text: string): readonly Span[] {
    const language = languageOf(file.path);
    if (language === "" || text.length > LONGEST) return [];
    const found = file.hunks[hunk];
    const index = found ? number - (side === "old" ? found.oldStart : found.newStart) : -1;
    const block = Math.floor(index / BLOCK);
    const within = index - block * BLOCK;
    if (found && index >= 0) {
      const { texts, spans } = this.#block(found, language, side, block);
      if (texts[within] === text) return spans[within] ?? [];
    }
    return spansOf(this.#read(text, language) ?? [])[0] ?? [];
  }

  #block(hunk: DiffHunk, language: string, side: Side, block: number): { texts: string[]; spans: Lines } {
    const left = side === "old" ? "added" : "removed";
    const texts = hunk.lines
      .filter((line) => line.kind !== left)
      .slice(block * BLOCK, (block + 1) * BLOCK)
      .map(({ text }) => (text.length > LONGEST ? "" : text));
    const known = this.#known.get(hunk) ?? new Map<string, Lines>();
    this.#known.set(hunk, known);
    const key = `${side}/${block}`;
    const spans = known.get(key) ?? spansOf(this.#read(texts.join("\n"), language) ?? []);
    known.set(key, spans);
    return { texts, spans };
  }
}

/** A part of a line as it is drawn. */
export interface Part {
  text: string;
  scope: string;
  marked: boolean;
}

/** A line in parts: its colours, and over them what changed in it, which has none. */
export function partsOf(text: string, spans: readonly Span[], marks: readonly Range[]): Part[] {
  const ends = new Set([0, text.length]);
  for (const { from, to } of [...spans, ...marks])
    for (const end of [from, to]) if (end > 0 && end < text.length && !splits(text, end)) ends.add(end);
  const sorted = [...ends].sort((one, other) => one - other);
  const parts: Part[] = [];
  for (let at = 0; at + 1 < sorted.length; at += 1) {
    const [from, to] = [sorted[at] ?? 0, sorted[at + 1] ?? 0];
    const marked = marks.some((mark) => mark.from <= from && mark.to >= to);
    const scope = marked ? "" : (spans.find((span) => span.from <= from && span.to >= to)?.scope ?? "");
    const last = parts.at(-1);
    if (last && last.marked === marked && last.scope === scope) last.text += text.slice(from, to);
    else parts.push({ text: text.slice(from, to), scope, marked });
  }
  return parts;
}

interface Range {
  from: number;
  to: number;
}

/** Whether an end lies inside a character. */
const splits = (text: string, at: number) => /[\udc00-\udfff]/.test(text.charAt(at));
