/** What a person does about a session that failed. Pure. Layer: lib. */
import type { Wire } from "@/api/client";

export interface NextStep {
  name: string;
  to: "rerun" | "/doctor" | "/settings" | "/new" | "/agents";
  /** The reason in words where the session tells none. */
  reason: string;
}

const steps: Record<Wire<"FailureKind">, NextStep> = {
  abandoned: { name: "Run again", to: "rerun", reason: "The server lost it while it worked." },
  setup_error: { name: "See agents", to: "/agents", reason: "It could not be set up." },
  sandbox_error: { name: "See doctor", to: "/doctor", reason: "Its sandbox failed." },
  agent_error: { name: "Run again", to: "rerun", reason: "The agent failed." },
  policy_denied: { name: "New task", to: "/new", reason: "Its policy does not allow what it needs." },
  timeout: { name: "Run again", to: "rerun", reason: "It took longer than its policy allows." },
  budget: { name: "New task", to: "/new", reason: "Its budget was spent." },
  git_error: { name: "See doctor", to: "/doctor", reason: "Git failed." },
  forge_error: { name: "See settings", to: "/settings", reason: "The forge refused." },
  disk_full: { name: "See doctor", to: "/doctor", reason: "The disk is full." },
  internal: { name: "Run again", to: "rerun", reason: "Something inside the server failed." },
};

/** The next step after a failure; one whose words speak of a key leads to the keys. */
export function nextStep(session: Pick<Wire<"Session">, "failureKind" | "error">): NextStep {
  const { failureKind, error } = session;
  if (failureKind === null) return { name: "Run again", to: "rerun", reason: "It did not come to its end." };
  if (/api key|_API_KEY|no key/i.test(error ?? ""))
    return { ...steps[failureKind], name: "Set a key", to: "/settings" };
  // What could not be set up need not be the agent: a folder may be gone, a branch be misspelt.
  if (failureKind === "setup_error" && error !== null && !/agent/i.test(error))
    return { ...steps[failureKind], name: "Run again", to: "rerun" };
  return steps[failureKind];
}
