/** Wire objects for tests, whole, with what the test names in its place. Layer: testing. */
import type { Wire } from "@/api/client";

/** A policy. */
export const policy: Wire<"Policy"> = {
  name: "standard",
  workspace: "keep",
  permissions: "approve_all",
  publish: "auto",
  timeSeconds: 1800,
  memoryBytes: 2 << 29,
  cpuMillis: 2000,
  processes: 512,
  outputBytes: 1 << 20,
};

/** A session that is done. */
export function session(change: Partial<Wire<"Session">> = {}): Wire<"Session"> {
  return {
    id: "abcd2345efgh",
    repo: "acme/api",
    prompt: "Fix the sum",
    title: "Fix the sum",
    mode: "task",
    agent: "goose",
    model: null,
    policy,
    pipeline: "none",
    status: "complete",
    failureKind: null,
    error: null,
    branch: "telecoder/abcd2345efgh",
    base: "main",
    headSha: null,
    parentSessionId: null,
    attempt: 1,
    source: "web",
    requester: null,
    outcome: {
      headline: "The sum is right",
      changed: ["calc.py (+1 −1)"],
      verified: [],
      uncertain: ["Negative numbers"],
      next: [],
      claims: { changed: [], verified: ["pytest passes"], uncertain: [], next: [] },
    },
    checks: [],
    diffStat: { files: 1, additions: 1, deletions: 1 },
    result: "pr",
    resultText: null,
    prUrl: null,
    prNumber: 7,
    prState: "open",
    usage: { inputTokens: 0, outputTokens: 0, cachedTokens: 0, costUsd: null, durationMs: 192_000 },
    budgetUsd: null,
    createdAt: "2026-11-21T04:00:00Z",
    startedAt: "2026-11-21T04:00:01Z",
    finishedAt: "2026-11-21T04:03:13Z",
    updatedAt: "2026-11-21T04:03:13Z",
    ...change,
  } as Wire<"Session">;
}

/** A decision that waits. */
export function approval(change: Partial<Wire<"Approval">> = {}): Wire<"Approval"> {
  return {
    id: "ap1",
    sessionId: "abcd2345efgh",
    title: "Run ./release.sh",
    kind: "execute",
    options: [],
    risk: "high",
    reason: "the policy asks a person",
    askedBy: "goose",
    sessionTitle: "Publish it",
    repo: "acme/api",
    detail: null,
    expiresAt: null,
    state: "pending",
    answeredBy: null,
    note: null,
    createdAt: "2026-11-21T04:00:00Z",
    answeredAt: null,
    ...change,
  } as Wire<"Approval">;
}
