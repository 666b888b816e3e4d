import { afterEach, expect, test, vi } from "vitest";
import { type FollowState, follow } from "./follow";
import { FrameReader } from "./frames";

interface Item {
  seq: number;
  word: string;
}

/** Runs `follow` against connections that say these pieces, one connection after the other. */
async function run(connections: (string[] | Response | Error)[], after = 0) {
  const asked: (string | null)[] = [];
  const states: FollowState[] = [];
  const waits: number[] = [];
  const items: Item[] = [];
  const abort = new AbortController();
  vi.stubGlobal("fetch", async (_url: string, init: RequestInit) => {
    asked.push(new Headers(init.headers).get("last-event-id"));
    const next = connections.shift();
    if (next === undefined) abort.abort();
    if (next instanceof Error) throw next;
    if (next instanceof Response) return next;
    const pieces = next ?? [];
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
        controller.close();
      },
    });
    return new Response(body);
  });
  await follow<Item>({
    url: "/stream",
    after,
    dense: true,
    read: (frame) => ({ seq: Number(frame.id), word: frame.data }),
    take: (events) => items.push(...events),
    state: (state) => states.push(state),
    signal: abort.signal,
    wait: async (milliseconds) => void waits.push(milliseconds),
  });
  return { words: items.map((item) => `${item.seq}${item.word}`).join(" "), asked, states, waits };
}

const event = (seq: number, word: string) => `id: ${seq}\nevent: message\ndata: ${word}\n\n`;

afterEach(() => vi.unstubAllGlobals());

test("events arrive once and in order, whatever the pieces", async () => {
  const whole = `retry: 1000\n\n${event(1, "a")}: keep-alive\n\n${event(2, "b")}${event(3, "ü")}: end\n\n`;
  for (const cut of [1, 3, 7, 1000]) {
    const pieces = whole.match(new RegExp(`[^]{1,${cut}}`, "g")) ?? [];
    expect(await run([pieces])).toMatchObject({ words: "1a 2b 3ü", states: ["connecting", "live", "ended"] });
  }
});

test("a lost connection is resumed behind the last event that arrived", async () => {
  const result = await run([
    [event(1, "a"), event(2, "b"), "id: 3\ndata: ha"],
    [event(3, "c"), ": end\n\n"],
  ]);
  expect(result).toMatchObject({
    words: "1a 2b 3c",
    asked: ["0", "2"],
    states: ["connecting", "live", "reconnecting", "live", "ended"],
  });
});

test("what comes a second time is dropped, what leaves a gap is asked for again", async () => {
  const result = await run([
    [event(1, "a"), event(1, "a"), event(4, "d")],
    [event(1, "a"), event(2, "b"), event(3, "c"), event(4, "d"), ": end\n\n"],
  ]);
  expect(result.words).toBe("1a 2b 3c 4d");
  expect(result.asked).toEqual(["0", "1"]);
});

test("a server that does not answer is asked again, ever more seldom, and the count begins anew after success", async () => {
  const away = () => new TypeError("fetch failed");
  const result = await run([away(), away(), away(), [event(1, "a")], away(), [": end\n\n"]]);
  expect(result.words).toBe("1a");
  const [first = 0, second = 0, third = 0, afterSuccess = 0] = result.waits;
  expect(first).toBeLessThan(second);
  expect(second).toBeLessThan(third);
  expect(afterSuccess).toBeLessThan(second);
});

test("a refusal is final, and told with the server's words", async () => {
  const refusal = Response.json(
    { error: "there is no session `x`", code: "session_not_found", requestId: "r" },
    { status: 404 },
  );
  expect(await run([refusal])).toMatchObject({ words: "", states: ["connecting", "refused"], waits: [] });
});

test("a full server is not a refusal", async () => {
  const busy = Response.json({ error: "busy", code: "too_many_streams", requestId: "r" }, { status: 429 });
  expect((await run([busy, [event(1, "a"), ": end\n\n"]])).words).toBe("1a");
});

test("frames hold what the stream says, line ends of any kind", () => {
  const reader = new FrameReader();
  expect(reader.push("id: 1\r\nevent: x\r\ndata: a\r\ndata: b\r\n\r\n:c\n\ndata\n\n")).toEqual([
    { kind: "event", id: "1", event: "x", data: "a\nb" },
    { kind: "comment", text: "c" },
    { kind: "event", id: null, event: "message", data: "" },
  ]);
});
