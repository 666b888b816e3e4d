import { QueryClient } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { followSession, loadEarlier, logKey, type SessionLog, wholeLog } from "./session-events";

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
  const asked = serve(`${line(1) + line(2)}: end\n\n`, `${line(3)}: end\n\n`);
  await followSession(queries, "abc", new AbortController().signal);
  expect(log(queries)).toEqual({ numbers: [1, 2], count: 2, state: "ended" });
  await followSession(queries, "abc", new AbortController().signal);
  expect(log(queries)).toEqual({ numbers: [1, 2, 3], count: 3, state: "ended" });
  expect(asked).toEqual([null, "2"]);
});

test("two readers of one log add each event once", async () => {
  const queries = new QueryClient();
  serve(`${line(1) + line(2)}: end\n\n`, `${line(1) + line(2) + line(3)}: end\n\n`);
  const signal = new AbortController().signal;
  await Promise.all([followSession(queries, "abc", signal), followSession(queries, "abc", signal)]);
  expect(log(queries)).toMatchObject({ numbers: [1, 2, 3] });
});

test("a status, an outcome or a pull request refreshes the session itself", async () => {
  const queries = new QueryClient();
  queries.setQueryData(["session", "abc"], {});
  serve(`${line(1)}: end\n\n`, `${line(2, "status")}: end\n\n`);
  await followSession(queries, "abc", new AbortController().signal);
  expect(queries.getQueryState(["session", "abc"])?.isInvalidated).toBe(false);
  await followSession(queries, "abc", new AbortController().signal);
  expect(queries.getQueryState(["session", "abc"])?.isInvalidated).toBe(true);
});

/** A server with a log of `last` events, whose stream begins with the newest three. */
function long(last: number) {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (input: string | Request) => {
    if (typeof input === "string") {
      const lines = [2, 1, 0].map((back) => line(last - back)).join("");
      return new Response(`${lines}: end\n\n`);
    }
    const { searchParams } = new URL(input.url);
    asked.push(`${searchParams.get("after")}+${searchParams.get("limit")}`);
    const after = Number(searchParams.get("after"));
    // Pages end early, as those of large events do.
    const rows = Math.min(400, Number(searchParams.get("limit")));
    return Response.json(
      Array.from({ length: rows }, (_, at) => ({ seq: after + 1 + at, type: "x", data: {} })),
    );
  });
  return asked;
}

test("a long log begins with its newest events, and earlier ones are loaded page by page", async () => {
  const queries = new QueryClient();
  const asked = long(1_100);
  await followSession(queries, "abc", new AbortController().signal);
  const state = () => {
    const { events, earlier } = queries.getQueryData<SessionLog>(logKey("abc")) as SessionLog;
    return [events[0]?.seq, events.length, earlier];
  };
  expect(state()).toEqual([1_098, 3, "there"]);
  const before = queries.getQueryData<SessionLog>(logKey("abc"))?.events;
  await Promise.all([loadEarlier(queries, "abc"), loadEarlier(queries, "abc")]);
  expect(state()).toEqual([598, 503, "there"]);
  expect(asked).toEqual(["597+500", "997+100"]);
  expect(queries.getQueryData<SessionLog>(logKey("abc"))?.events).not.toBe(before);
  const whole = await wholeLog(queries, "abc");
  expect(whole.map((event) => event.seq)).toEqual(Array.from({ length: 1_100 }, (_, at) => at + 1));
  expect(state()).toEqual([1, 1_100, "none"]);
});

test("events that come while an earlier page is loaded are neither lost nor doubled", async () => {
  const queries = new QueryClient();
  long(10);
  await followSession(queries, "abc", new AbortController().signal);
  const loading = loadEarlier(queries, "abc");
  const known = queries.getQueryData<SessionLog>(logKey("abc"))?.events as unknown as { seq: number }[];
  known.push({ seq: 11 });
  await loading;
  expect(log(queries).numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("a page that does not load is said, and can be asked for again", async () => {
  const queries = new QueryClient();
  long(10);
  await followSession(queries, "abc", new AbortController().signal);
  vi.stubGlobal("fetch", async () => Response.json({ error: "no", code: "x" }, { status: 500 }));
  await loadEarlier(queries, "abc");
  expect(queries.getQueryData<SessionLog>(logKey("abc"))).toMatchObject({ count: 3, earlier: "failed" });
  await expect(wholeLog(queries, "abc")).rejects.toThrow("did not load");
});

test("a log that is wanted whole before anything of it has come is waited for", async () => {
  const queries = new QueryClient();
  const wanted = wholeLog(queries, "abc");
  serve(`${line(1) + line(2)}: end\n\n`);
  await followSession(queries, "abc", new AbortController().signal);
  expect((await wanted).map((event) => event.seq)).toEqual([1, 2]);
});

test("a log that does not come is said to be missing, not empty", async () => {
  const queries = new QueryClient();
  const wanted = wholeLog(queries, "abc");
  vi.stubGlobal("fetch", async () => Response.json({ error: "no", code: "x" }, { status: 404 }));
  await Promise.all([
    followSession(queries, "abc", new AbortController().signal),
    expect(wanted).rejects.toThrow("did not load"),
  ]);
});
