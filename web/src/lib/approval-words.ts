/** The words for what somebody is asked to decide, the same wherever it is asked. Layer: lib, pure. */
import type { Wire } from "@/api/client";

const RISKS: Record<Wire<"Risk">, { word: string; color: string }> = {
  read: { word: "Only reads", color: "text-n11" },
  contained_write: { word: "Writes inside the sandbox", color: "text-n11" },
  repository_write: { word: "Writes to the repository", color: "text-wait" },
  high: { word: "High risk", color: "text-fail" },
};

const KINDS: Record<Wire<"ToolKind">, string> = {
  read: "reading",
  edit: "edit",
  delete: "deletion",
  move: "move",
  search: "search",
  execute: "command",
  think: "thought",
  fetch: "request",
  switch_mode: "mode",
  other: "request",
};

/** What stands on the buttons after their verb, and how risky it is. What leaves the server is a question of the platform: the
 *  agent has ended by then. */
export function approvalWords({ kind, risk }: Pick<Wire<"Approval">, "kind" | "risk">) {
  const publishes = risk === "repository_write";
  return { publishes, what: publishes ? "publishing" : KINDS[kind], risk: RISKS[risk] };
}
