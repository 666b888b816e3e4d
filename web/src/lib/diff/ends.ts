/** What two lists have in common at their ends (layer: lib, pure). */

/** How many items are the same at the beginning, and how many of the others at the end. */
export function sameEnds(old: readonly string[], now: readonly string[]): { head: number; tail: number } {
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (
    tail < old.length - head &&
    tail < now.length - head &&
    old[old.length - 1 - tail] === now[now.length - 1 - tail]
  ) {
    tail += 1;
  }
  return { head, tail };
}
