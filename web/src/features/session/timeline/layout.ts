/** How high an item of the timeline will be, before it was drawn. Layer: feature, pure. A guess: each is measured once it is
 *  in sight; the better the guess, the truer the scroll bar. */
import type { Item, Tool } from "./items";

const ROW = 34;
const EVIDENCE = 24;
const LINE = 21;
const SMALL = 20;

/** The guess, in pixels. */
export function expectedHeight(item: Item | undefined): number {
  switch (item?.type) {
    case undefined:
      return ROW;
    case "chapter":
      return 62 + Math.min(160, lines(item.text) * LINE);
    case "said":
      return lines(item.text) * LINE;
    case "plan":
      return 30 + item.entries.length * 21;
    case "permission":
      return item.state === "asked" ? 150 : ROW;
    case "tool":
      return ROW + diffs(item) + tail(item);
    case "thought":
    case "reads":
    case "output":
      return ROW;
    case "steps":
    case "note":
      return EVIDENCE;
  }
}

/** Lines of prose of about 80 characters. */
function lines(text: string): number {
  let count = 0;
  for (let from = 0; from <= text.length; ) {
    const end = text.indexOf("\n", from);
    const length = (end === -1 ? text.length : end) - from;
    count += Math.max(1, Math.ceil(length / 80));
    if (end === -1) break;
    from = end + 1;
  }
  return count;
}

function diffs({ call }: Tool): number {
  return (call.diffs ?? []).slice(0, 8).length * (14 * SMALL + 60);
}

function tail({ call }: Tool): number {
  if (call.kind !== "execute" && call.status !== "failed") return 0;
  const output = call.output ?? "";
  return output === "" ? 0 : Math.min(5, output.split("\n", 6).length) * SMALL;
}
