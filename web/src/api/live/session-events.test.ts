import { QueryClient } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { followSession, logKey, type SessionLog } from "./session-events";

const line = (seq: number, type = "message") =>
  `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ seq, sessionId: "abc", at: "2026-11-21T00:00:00Z", type, data: {} })}\n\n`;

function serve(...connections: string[]) {
  const asked: (string | null)[] = [];
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    asked.push(new Headers(init.headers).get("last-event-id"));
    return new Response(connections.shift() ?? ": end\n\n");
  });
  return asked;
}

const log = (queries: QueryClient) => {
  const { events, count, state } = queries.getQueryData<SessionLog>(logKey("abc")) ?? {
    events: [],
    count: 0,
    state: "none",
  };
  return { numbers: events.map((event) => event.seq), count, state };
};

test("a log is kept, and followed on from where it was", async () => {
  const queries = new QueryClient();
  const asked = serve(line(1) + line(2) + ": end\n\n", line(3) + ": end\n\n");
  await followSession(queries, "abc", new AbortController().signal);
  expect(log(queries)).toEqual({ numbers: [1, 2], count: 2, state: "ended" });
  await followSession(queries, "abc", new AbortController().signal);
  expect(log(queries)).toEqual({ numbers: [1, 2, 3], count: 3, state: "ended" });
  expect(asked).toEqual(["0", "2"]);
});

test("two readers of one log add each event once", async () => {
  const queries = new QueryClient();
  serve(line(1) + line(2) + ": end\n\n", line(1) + line(2) + line(3) + ": end\n\n");
  const signal = new AbortController().signal;
  await Promise.all([followSession(queries, "abc", signal), followSession(queries, "abc", signal)]);
  expect(log(queries)).toMatchObject({ numbers: [1, 2, 3] });
});

test("a status, an outcome or a pull request refreshes the session itself", async () => {
  const queries = new QueryClient();
  queries.setQueryData(["session", "abc"], {});
  serve(line(1) + ": end\n\n", line(2, "status") + ": end\n\n");
  await followSession(queries, "abc", new AbortController().signal);
  expect(queries.getQueryState(["session", "abc"])?.isInvalidated).toBe(false);
  await followSession(queries, "abc", new AbortController().signal);
  expect(queries.getQueryState(["session", "abc"])?.isInvalidated).toBe(true);
});
