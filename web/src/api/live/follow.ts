/** Follows a numbered stream of the server: each event once, in order, whatever happens to the connection. Layer: api.
 *
 *  Invariants: the cursor moves only by an event that was handed on; a number at or below it is dropped; where numbers are
 *  dense, a gap is never handed on but read again from the cursor; silence longer than three heartbeats is a lost connection. */
import { ApiError, asApiError, readError } from "../errors";
import { type Frame, FrameReader } from "./frames";

/** How a stream stands. `ended`: the server says that nothing more will come. `refused`: it will not give this stream to us. */
export type FollowState = "connecting" | "live" | "reconnecting" | "ended" | "refused";

/** An event with its number; one without is handed on and moves nothing. `reset` moves the cursor there whatever it was: the
 *  server could not resume from ours. */
export interface Numbered {
  seq: number | null;
  reset?: true;
}

export interface FollowOptions<Event extends Numbered> {
  /** Where the stream is. */
  url: string;
  /** The last number that is known already; `null`: the stream's first event says where it begins. */
  after: number | null;
  /** Whether numbers have no gaps. */
  dense: boolean;
  /** Reads a frame; `null` where it is nothing for us. */
  read(frame: Extract<Frame, { kind: "event" }>): Event | null;
  /** Takes the events that arrived together. */
  take(events: Event[]): void;
  /** Is told how the stream stands. */
  state(state: FollowState, error?: ApiError): void;
  signal: AbortSignal;
  /** Waits between two tries; ends early when the browser is online or in front again. */
  wait?(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The longest silence, in milliseconds: three times the server's heartbeat of 15 s. */
const SILENCE = 45_000;
const FIRST_WAIT = 400;
const LONGEST_WAIT = 15_000;

/** Follows until the stream ends, is refused, or the signal is given. Never rejects. */
export async function follow<Event extends Numbered>(options: FollowOptions<Event>): Promise<void> {
  const { signal, wait = pause } = options;
  let cursor = options.after ?? -1;
  let failures = 0;
  options.state("connecting");
  while (!signal.aborted) {
    const before = cursor;
    let problem: ApiError | undefined;
    try {
      const ended = await readOnce(options, cursor, (next) => {
        cursor = next;
      });
      if (signal.aborted) return;
      if (ended) return options.state("ended");
    } catch (error) {
      if (signal.aborted) return;
      problem = asApiError(error);
      if (isFinal(problem)) return options.state("refused", problem);
    }
    failures = cursor === before ? failures + 1 : 0;
    options.state("reconnecting", problem);
    await wait(delay(failures), signal);
  }
}

/** Reads one connection to its end. Gives whether the server said that it was the last. */
async function readOnce<Event extends Numbered>(
  options: FollowOptions<Event>,
  from: number,
  moved: (cursor: number) => void,
): Promise<boolean> {
  const connection = new AbortController();
  const stop = () => connection.abort();
  options.signal.addEventListener("abort", stop);
  let alarm = setTimeout(stop, SILENCE);
  let cursor = from;
  try {
    const response = await fetch(options.url, {
      headers: { accept: "text/event-stream", ...(from >= 0 && { "last-event-id": String(from) }) },
      credentials: "same-origin",
      cache: "no-store",
      signal: connection.signal,
    });
    if (!response.ok || response.body === null) {
      throw readError(response.status, await response.json().catch(() => null));
    }
    options.state("live");
    const reader = new FrameReader();
    const text = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await text.read();
      if (done) return false;
      clearTimeout(alarm);
      alarm = setTimeout(stop, SILENCE);
      const events: Event[] = [];
      let ended = false;
      let gap = false;
      for (const frame of reader.push(value)) {
        if (frame.kind === "comment") {
          ended ||= frame.text === "end";
          continue;
        }
        const event = options.read(frame);
        if (event === null) continue;
        if (event.seq !== null) {
          if (event.seq <= cursor && !event.reset) continue;
          if (options.dense && cursor >= 0 && event.seq !== cursor + 1) {
            gap = true;
            break;
          }
          cursor = event.seq;
        }
        events.push(event);
      }
      if (events.length > 0) {
        moved(cursor);
        options.take(events);
      }
      if (gap) throw new ApiError(0, "gap", "The stream has a gap");
      if (ended) return true;
    }
  } finally {
    clearTimeout(alarm);
    options.signal.removeEventListener("abort", stop);
    connection.abort();
  }
}

/** Refusals that no second try changes. */
function isFinal(error: ApiError): boolean {
  return error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429;
}

/** Doubles from try to try, up to a bound, with some chance so that many tabs do not come at once. */
function delay(failures: number): number {
  const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.max(0, failures - 1));
  return most * (0.75 + Math.random() / 2);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      window.removeEventListener("online", over);
      document.removeEventListener("visibilitychange", over);
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, milliseconds);
    window.addEventListener("online", over);
    document.addEventListener("visibilitychange", over);
    signal.addEventListener("abort", over);
  });
}
