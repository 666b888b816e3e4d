import { expect, test } from "vitest";
import type { Wire } from "@/api/client";
import { allowedRules, EMPTY, ruleInForce, toRequest, whatWillHappen } from "./draft";

const standard: Wire<"Policy"> = {
  name: "standard",
  workspace: "keep",
  permissions: "approve_all",
  publish: "auto",
  timeSeconds: 1800,
  memoryBytes: 2 << 30,
  cpuMillis: 2000,
  processes: 512,
  outputBytes: 1 << 20,
};
const observe: Wire<"Policy"> = {
  ...standard,
  name: "observe",
  workspace: "throw_away",
  publish: "never",
  timeSeconds: 180,
};

test("the sentence says who, where, how long and how it ends", () => {
  const draft = { ...EMPTY, repo: "/home/me/api", agent: "goose", base: "dev" };
  const sentences = [
    whatWillHappen(draft, standard, undefined, undefined),
    whatWillHappen({ ...draft, publish: "ask" }, standard, undefined, undefined),
    whatWillHappen({ ...draft, publish: "manual" }, standard, undefined, undefined),
    whatWillHappen(draft, observe, undefined, undefined),
    whatWillHappen(EMPTY, undefined, undefined, undefined),
  ];
  expect(sentences).toEqual([
    "goose works on a copy of api from dev, in a sandbox that reaches nothing but its model, for at most 30 minutes, and opens a pull request when it is done.",
    "goose works on a copy of api from dev, in a sandbox that reaches nothing but its model, for at most 30 minutes, and asks you before it opens a pull request.",
    "goose works on a copy of api from dev, in a sandbox that reaches nothing but its model, for at most 30 minutes, and leaves publishing to you.",
    "goose works on a copy of api from dev, in a sandbox that reaches nothing but its model, for at most 3 minutes, throws every change away, and answers in words.",
    "The agent works in an empty workspace, in a sandbox that reaches nothing but its model, and keeps what it made for you to look at.",
  ]);
});

test("a policy's ceiling holds back what was asked for", () => {
  expect(allowedRules(observe)).toEqual(["manual"]);
  expect(allowedRules({ ...standard, publish: "ask" })).toEqual(["manual", "ask"]);
  expect(ruleInForce({ publish: "auto" }, observe, undefined)).toBe("manual");
  expect(ruleInForce({ publish: "" }, standard, undefined)).toBe("auto");
});

test("the request holds only what was chosen", () => {
  expect(toRequest({ ...EMPTY, prompt: "  Fix it  ", base: "dev" })).toEqual({ prompt: "Fix it" });
  expect(toRequest({ ...EMPTY, prompt: "Fix it", repo: "acme/api", base: "dev", policy: "observe" })).toEqual(
    {
      prompt: "Fix it",
      repo: "acme/api",
      base: "dev",
      policy: "observe",
    },
  );
});
