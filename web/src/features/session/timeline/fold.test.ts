import { expect, test } from "vitest";
import type { SessionEvent } from "@/api/live/session-events";
import { asText } from "./as-text";
import { Timeline } from "./fold";

function events(...bodies: [string, unknown][]): SessionEvent[] {
  return bodies.map(([type, data], at) => ({
    seq: at + 1,
    sessionId: "abcdefghijkl",
    at: new Date(1_700_000_000_000 + at * 1000).toISOString(),
    type,
    data,
  })) as SessionEvent[];
}

const say = (text: string): [string, unknown] => ["message", { author: "agent", text, chunk: true, turn: 1 }];

function told(list: SessionEvent[]): string {
  const timeline = new Timeline();
  timeline.take(list);
  return asText(timeline.items);
}

test("a turn is a chapter, its chunks are one text, reads are one line, platform and agent stay apart", () => {
  const text = told(
    events(
      ["step", { step: "prepare_workspace", state: "started" }],
      ["step", { step: "prepare_workspace", state: "finished", durationMs: 12 }],
      ["message", { author: "user", text: "Fix it", turn: 1 }],
      say("I loo"),
      say("k."),
      ["tool_call", { id: "a", title: "a.rs", kind: "read", status: "pending" }],
      ["tool_call", { id: "b", title: "b.rs", kind: "search", status: "completed" }],
      ["tool_update", { id: "a", status: "completed" }],
      ["tool_call", { id: "c", title: "make", kind: "execute", status: "in_progress" }],
      ["tool_update", { id: "c", status: "failed", output: "no rule" }],
      say("Done."),
      ["git", { action: "commit", commit: "0123456789abcdef", branch: "telecoder/x" }],
      ["hologram", { x: 1 }],
      ["done", { status: "complete" }],
    ),
  );
  expect(text).toBe(`prepare_workspace finished

── turn 1 ──
you: Fix it

agent: I look.

▸ read a.rs (completed)
▸ search b.rs (completed)

▸ execute make (failed)
  no rule

agent: Done.

Committed 0123456789 on telecoder/x

Event: hologram
  {
    "x": 1
  }

Done
`);
});

test("it grows without touching what stands", () => {
  const list = events(
    ["message", { author: "user", text: "Go", turn: 1 }],
    ["tool_call", { id: "t", title: "make", kind: "execute" }],
    say("a"),
    say("b"),
    ["tool_update", { id: "t", status: "completed" }],
  );
  const timeline = new Timeline();
  timeline.take(list.slice(0, 3));
  const before = timeline.items;
  timeline.take(list.slice(0, 4));
  expect(timeline.items[0]).toBe(before[0]);
  expect(timeline.items[1]).toBe(before[1]);
  expect(timeline.items[2]).toMatchObject({ key: before[2]?.key, text: "ab" });
  timeline.take(list);
  expect(timeline.items[1]).toMatchObject({ endedAt: list[4]?.at });
  expect(timeline.items).toHaveLength(3);
  expect(timeline.take(list)).toBe(false);
});

test("a permission and a plan stay in their places", () => {
  const asked = { decision: "d-1", title: "rm -rf build", kind: "execute" };
  const timeline = new Timeline();
  timeline.take(
    events(
      ["plan", { entries: [{ content: "Look", priority: "high", status: "pending" }] }],
      ["permission", { ...asked, state: "asked" }],
      say("Waiting"),
      ["permission", { ...asked, state: "allowed", by: "local" }],
      ["plan", { entries: [{ content: "Look", priority: "high", status: "completed" }] }],
    ),
  );
  expect(timeline.items.map((item) => item.type)).toEqual(["plan", "permission", "said"]);
  expect(timeline.items[1]).toMatchObject({ state: "allowed", by: "local" });
  expect(timeline.plan).toEqual({ done: 1, all: 1, now: null });
});

test("a tool's name may come again in another turn", () => {
  const timeline = new Timeline();
  timeline.take(
    events(
      ["message", { author: "user", text: "one", turn: 1 }],
      ["tool_call", { id: "1", title: "first", kind: "edit" }],
      ["message", { author: "user", text: "two", turn: 2 }],
      ["tool_call", { id: "1", title: "second", kind: "edit" }],
    ),
  );
  expect(timeline.items.map((item) => (item.type === "tool" ? item.call.title : item.type))).toEqual([
    "chapter",
    "first",
    "chapter",
    "second",
  ]);
});

test("a log that begins in the middle of a turn knows it by the agent's words", () => {
  const timeline = new Timeline();
  timeline.take(
    events(
      ["plan", { entries: [{ content: "Look", priority: "high", status: "pending" }] }],
      ["tool_call", { id: "1", title: "first", kind: "edit" }],
      ["message", { author: "agent", text: "on it", turn: 3 }],
      ["tool_update", { id: "1", status: "completed" }],
      ["message", { author: "user", text: "faster", turn: 3 }],
      ["plan", { entries: [{ content: "Look", priority: "high", status: "completed" }] }],
      ["message", { author: "user", text: "next", turn: 4 }],
    ),
  );
  expect(timeline.items.map((item) => item.type)).toEqual(["plan", "tool", "said", "said", "chapter"]);
});

test("a log that is not loaded from its beginning is shown from the first whole item on", () => {
  const later = events(
    ["tool_update", { id: "0", status: "completed" }],
    ["message", { author: "agent", text: "…the end of something", chunk: true, turn: 2 }],
    ["tool_call", { id: "1", title: "an edit", kind: "edit" }],
    ["message", { author: "agent", text: "done", chunk: true, turn: 2 }],
  ).map((event, at) => ({ ...event, seq: 100 + at }));
  const timeline = new Timeline();
  timeline.take(later);
  expect(timeline.items.map((item) => [item.type, item.key])).toEqual([
    ["tool", "e102"],
    ["said", "e103"],
  ]);
  const words = new Timeline();
  words.take(later.slice(1, 2));
  expect(words.items.map((item) => item.type)).toEqual(["said"]);
});

test("20,000 chunks are folded at once", () => {
  const list = events(...Array.from({ length: 20_000 }, (_, at): [string, unknown] => say(`${at} `)));
  const timeline = new Timeline();
  const began = performance.now();
  for (let to = 100; to <= list.length; to += 100) timeline.take(list.slice(0, to));
  expect(timeline.items).toHaveLength(1);
  expect(performance.now() - began).toBeLessThan(3000);
});

test("what happens to a pull request is told in words, others' words apart", () => {
  const at = { number: 7, url: "https://forge.example/pulls/7" };
  const timeline = new Timeline();
  timeline.take(
    events(
      ["pull_request", { ...at, action: "opened" }],
      ["pull_request", { ...at, action: "check", subject: "build", state: "failed" }],
      [
        "pull_request",
        { ...at, action: "review", subject: "ada", state: "changes_requested", detail: "No." },
      ],
      ["pull_request", { ...at, action: "conflicts" }],
    ),
  );
  expect(timeline.items.map((item) => (item.type === "note" ? [item.text, item.more] : null))).toEqual([
    ["Pull request #7 opened", undefined],
    ["Check build on pull request #7: failed", undefined],
    ["Review of pull request #7 by ada: changes requested", "No."],
    ["Pull request #7 conflicts with its base", undefined],
  ]);
});

test("hostile words are harmless as text", () => {
  const text = told(events(say("\u001b[2J<script>\u202e"), ["output", { stream: "stderr", text: "\u0007" }]));
  expect(text).toBe("agent: <script>⟦U+202E⟧\n\n[stderr] ␇\n");
});

test("a step that was begun when the session failed has failed, and what ended before it has not", () => {
  const text = told(
    events(
      ["step", { step: "prepare_workspace", state: "finished", durationMs: 12 }],
      ["step", { step: "create_sandbox", state: "started" }],
      ["error", { kind: "setup_error", message: "no room", hint: "Make some." }],
      ["done", { status: "error" }],
    ),
  );
  expect(text).toBe("prepare_workspace finished\ncreate_sandbox failed\n\nNo room\n  Make some.\n\nFailed\n");
});
