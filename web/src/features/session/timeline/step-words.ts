/** What the platform's steps are called while they go on and once they are done. Layer: feature, pure. */
import { sentence } from "@/lib/format";
import type { Step } from "./items";

const words: Record<string, { now: string; done: string }> = {
  prepare_workspace: { now: "Preparing the workspace", done: "Workspace prepared" },
  create_sandbox: { now: "Making the sandbox", done: "Sandbox made" },
  start_agent: { now: "Starting the agent", done: "Agent started" },
  take_over: { now: "Taking the change over", done: "Change taken over" },
};

/** The words of a step. One of a later version is told by its name. */
export function stepWords({ name, state }: Pick<Step, "name" | "state">): string {
  const known = words[name] ?? {
    now: sentence(name.replaceAll("_", " ")),
    done: sentence(name.replaceAll("_", " ")),
  };
  switch (state) {
    case "started":
      return `${known.now}…`;
    case "finished":
      return known.done;
    case "failed":
      return `${known.now} failed`;
  }
}
