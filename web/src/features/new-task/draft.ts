/** What somebody is about to ask for, and what it will mean. Pure. Layer: feature. */
import type { Wire } from "@/api/client";
import { repositoryName, span } from "@/lib/format";

/** A task that was not sent yet. An empty text leaves the choice to the server. */
export interface Draft {
  prompt: string;
  repo: string;
  base: string;
  agent: string;
  model: string;
  policy: string;
  publish: Wire<"PublishRule"> | "";
}

export const EMPTY: Draft = { prompt: "", repo: "", base: "", agent: "", model: "", policy: "", publish: "" };

/** The most that a prompt may have, in characters. */
export const LONGEST = 100_000;

const strictest: Wire<"PublishRule">[] = ["manual", "ask", "auto"];
const ceilings: Record<Wire<"PublishCeiling">, number> = { never: 0, ask: 1, auto: 2 };

/** The publish rules that a policy allows. */
export function allowedRules(policy: Wire<"Policy"> | undefined): Wire<"PublishRule">[] {
  return policy === undefined ? strictest : strictest.slice(0, ceilings[policy.publish] + 1);
}

/** The rule that will hold: the asked one or the default, as far as the policy goes. */
export function ruleInForce(
  draft: Pick<Draft, "publish">,
  policy: Wire<"Policy"> | undefined,
  defaults: Wire<"Defaults"> | undefined,
): Wire<"PublishRule"> {
  const wanted = draft.publish || defaults?.publish || "auto";
  const allowed = allowedRules(policy);
  return allowed.includes(wanted) ? wanted : (allowed.at(-1) ?? "manual");
}

/** The request that a draft becomes; what is empty is left out. */
export function toRequest(draft: Draft): Wire<"NewSession"> {
  return {
    prompt: draft.prompt.trim(),
    ...(draft.repo.trim() && { repo: draft.repo.trim() }),
    ...(draft.repo.trim() && draft.base.trim() && { base: draft.base.trim() }),
    ...(draft.agent && { agent: draft.agent }),
    ...(draft.model.trim() && { model: draft.model.trim() }),
    ...(draft.policy && { policy: draft.policy }),
    ...(draft.publish && { publish: draft.publish }),
  };
}

/** One sentence that says what will happen. */
export function whatWillHappen(
  draft: Draft,
  policy: Wire<"Policy"> | undefined,
  defaults: Wire<"Defaults"> | undefined,
  facts: Wire<"RepositoryFacts"> | undefined,
): string {
  const agent = draft.agent || defaults?.agent || "The agent";
  const base = draft.base.trim() || facts?.defaultBranch;
  const where =
    draft.repo.trim() === ""
      ? "in an empty workspace"
      : `on a copy of ${repositoryName(facts?.repo ?? draft.repo.trim())}${base ? ` from ${base}` : ""}`;
  const most = policy === undefined ? "" : `, for at most ${span(policy.timeSeconds)}`;
  return `${agent} works ${where}, in a sandbox that reaches nothing but its model${most}, ${ending(draft, policy, defaults)}.`;
}

function ending(
  draft: Draft,
  policy: Wire<"Policy"> | undefined,
  defaults: Wire<"Defaults"> | undefined,
): string {
  if (policy?.workspace === "read_only") return "changes nothing, and answers in words";
  if (policy?.workspace === "throw_away") return "throws every change away, and answers in words";
  if (draft.repo.trim() === "") return "and keeps what it made for you to look at";
  switch (ruleInForce(draft, policy, defaults)) {
    case "auto":
      return "and opens a pull request when it is done";
    case "ask":
      return "and asks you before it opens a pull request";
    case "manual":
      return "and leaves publishing to you";
  }
}
