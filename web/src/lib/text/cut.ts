/** Bounded pieces of long text (layer: lib, pure). Invariants: a line that a page renders has a bound, whatever the text's
 *  length; nothing is cut inside a character; what is left out is counted. */

/** Characters of a line that are rendered before somebody asks for more. */
export const LINE_LIMIT = 2_000;

/** The head of a text, and how many characters are left out. */
export interface Cut {
  text: string;
  rest: number;
}

/** The first `limit` characters. */
export function cut(text: string, limit = LINE_LIMIT): Cut {
  if (text.length <= limit) return { text, rest: 0 };
  const last = text.charCodeAt(limit - 1);
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit;
  return { text: text.slice(0, end), rest: text.length - end };
}

/** The last `count` lines of a text, and how many lines stand before them. Reads no more than it must. */
export function lastLines(text: string, count: number): { lines: string[]; before: number } {
  const whole = text.replace(/\n+$/, "");
  if (whole === "") return { lines: [], before: 0 };
  let from = whole.length;
  let found = 0;
  while (found < count) {
    const at = whole.lastIndexOf("\n", from - 1);
    if (at < 0 || from === 0) return { lines: whole.split("\n"), before: 0 };
    from = at;
    found += 1;
  }
  let before = 0;
  for (let at = whole.indexOf("\n"); at >= 0 && at <= from; at = whole.indexOf("\n", at + 1)) before += 1;
  return { lines: whole.slice(from + 1).split("\n"), before };
}

/** A text's lines; a newline at the end begins no further one. */
export function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines[lines.length - 1] === "") lines.pop();
  return lines;
}
