/** The timeline as text, to copy or to keep. Layer: feature, pure. Invariant: the result is harmless in a terminal. */
import { shown, shownOnOneLine } from "@/lib/text/harmless";
import type { Item, Tool } from "./items";

/** The whole log. */
export function asText(items: readonly Item[]): string {
  return `${items.map(textOf).filter(Boolean).join("\n\n")}\n`;
}

function textOf(item: Item): string {
  switch (item.type) {
    case "chapter":
      return `── turn ${item.turn} ──\n${item.author === "user" ? "you" : "telecoder"}: ${shown(item.text)}`;
    case "said":
      return `${item.author === "user" ? "you" : item.author}: ${shown(item.text)}`;
    case "thought":
      return indented("(thinks) ", shown(item.text));
    case "tool":
      return toolText(item);
    case "reads":
      return item.calls.map(toolText).join("\n");
    case "permission":
      return `permission ${item.state}${item.by ? ` by ${item.by}` : ""}: ${shownOnOneLine(item.title)}`;
    case "plan":
      return item.entries
        .map((entry) => `[${entry.status === "completed" ? "x" : " "}] ${shownOnOneLine(entry.content)}`)
        .join("\n");
    case "steps":
      return item.steps
        .map((step) => `${step.name} ${step.state}${step.detail ? `: ${shown(step.detail)}` : ""}`)
        .join("\n");
    case "note":
      return [shownOnOneLine(item.text), item.more && indented("  ", shown(item.more))]
        .filter(Boolean)
        .join("\n");
    case "output":
      return indented(`[${item.stream}] `, shown(item.text));
  }
}

function toolText({ call }: Tool): string {
  const head = `▸ ${call.kind ?? "other"} ${shownOnOneLine(call.title ?? call.id)} (${call.status ?? "pending"})`;
  const diffs = (call.diffs ?? []).map((diff) => `  edits ${shownOnOneLine(diff.path)}`);
  return [head, ...diffs, call.output ? indented("  ", shown(call.output)) : ""].filter(Boolean).join("\n");
}

function indented(prefix: string, text: string): string {
  return text
    .split("\n")
    .map((line) => prefix + line)
    .join("\n");
}
