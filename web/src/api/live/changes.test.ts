import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keys } from "../queries";
import { gathering, readChange } from "./changes";

const frame = (event: string, data: object, id: string | null = null) =>
  ({ kind: "event", id, event, data: JSON.stringify(data) }) as const;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("frames are read; what is unknown is nothing", () => {
  expect([
    readChange(frame("ready", { global: 812 }, "812")),
    readChange(frame("session", { global: 815, sessionId: "abc", type: "status" }, "815")),
    readChange(frame("inbox", { seenAt: "2026-11-21T00:00:00Z" })),
    readChange(frame("reset", { global: 3 }, "3")),
    readChange(frame("changed", {})),
    readChange(frame("weather", {})),
  ]).toEqual([
    { seq: 812, what: "ready", reset: true },
    { seq: 815, what: "session", sessionId: "abc" },
    { seq: null, what: "inbox" },
    { seq: 3, what: "reset", reset: true },
    { seq: null, what: "changed" },
    null,
  ]);
});

/** The keys that are asked for anew after these frames. */

function asked(...frames: Parameters<typeof readChange>[0][]): string[] {
  const queries = new QueryClient();
  const known = [
    keys.inbox,
    keys.sessions,
    keys.session("abc"),
    keys.session("xyz"),
    [...keys.session("abc"), "log"],
    [...keys.session("xyz"), "diff", "1"],
    [...keys.session("xyz"), "messages", "1"],
    keys.agents,
    keys.doctor,
    keys.me,
  ];
  for (const key of known) queries.setQueryData(key, {});
  const gather = gathering(queries);
  for (const each of frames) {
    const change = readChange(each);
    if (change !== null) gather.take([change]);
  }
  vi.advanceTimersByTime(1000);
  return known.filter((key) => queries.getQueryState(key)?.isInvalidated).map((key) => key.join("/"));
}

test("a change of a session refreshes it and the lists, no other session", () => {
  expect(asked(frame("session", { global: 1, sessionId: "abc" }))).toEqual([
    "inbox",
    "sessions",
    "session/abc",
  ]);
});

test("cleared marks refresh the inbox only", () => {
  expect(asked(frame("inbox", {}))).toEqual(["inbox"]);
});

test("after a connection is made, everything is asked for anew but the logs, which resume by themselves", () => {
  expect(asked(frame("ready", { global: 9 }))).toEqual([
    "inbox",
    "sessions",
    "session/abc",
    "session/xyz",
    "session/xyz/diff/1",
    "session/xyz/messages/1",
    "agents",
    "doctor",
  ]);
});

test("a change without a name, a title or a removal, refreshes lists and heads, not what belongs to a version", () => {
  expect(asked(frame("changed", {}))).toEqual([
    "inbox",
    "sessions",
    "session/abc",
    "session/xyz",
    "session/xyz/messages/1",
    "agents",
  ]);
});

test("a title that changes in the moment of another session's event is not missed where it is shown", () => {
  const queries = new QueryClient();
  queries.setQueryData(keys.session("xyz"), {});
  const ask = vi.fn(async () => ({}));
  const open = new QueryObserver(queries, {
    queryKey: keys.session("xyz"),
    queryFn: ask,
    staleTime: Number.POSITIVE_INFINITY,
  }).subscribe(() => {});
  gathering(queries).take([{ seq: 1, what: "session", sessionId: "abc" }]);
  vi.advanceTimersByTime(1000);
  expect(ask).toHaveBeenCalledTimes(1);
  open();
});

test("many frames are one question at once, and few afterwards", () => {
  const queries = new QueryClient();
  const ask = vi.spyOn(queries, "invalidateQueries");
  const gather = gathering(queries);
  for (let at = 0; at < 100; at += 1) {
    gather.take([{ seq: null, what: "inbox" }]);
    vi.advanceTimersByTime(20);
  }
  // Two seconds: after 120 ms, and then each 700 ms.
  expect(ask).toHaveBeenCalledTimes(3);
});
