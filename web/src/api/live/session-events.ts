/** The event log of a session in the query cache: without gaps from its first loaded event on, each event once, kept while the
 *  page is away. Layer: api.
 *
 *  It begins with the newest events; earlier ones are loaded page by page, and only when somebody wants them. The list is
 *  append-only until earlier events come before it: then it is a new one. `count` says how much of it this state has seen. */
import { type QueryClient, skipToken, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { client, take, type Wire } from "../client";
import type { ApiError } from "../errors";
import { keys, refreshSession } from "../queries";
import { type FollowState, follow } from "./follow";
import { useInFront } from "./in-front";

export type SessionEvent = Wire<"Event">;

/** A session's log as far as it is known. */
export interface SessionLog {
  /** Loaded events in order. */
  events: readonly SessionEvent[];
  /** How many of them there are in this state. */
  count: number;
  state: FollowState;
  /** Why it is interrupted or refused, where that is known. */
  error?: ApiError | undefined;
  /** Whether there are events before the loaded ones. */
  earlier: "none" | "there" | "loading" | "failed";
}

/** Events that a log begins with, and those of each earlier page. */
const NEWEST = 300;
const PAGE = 500;
/** Events of a page where the whole log is wanted: the most that the server gives at once. */
const LARGEST = 1_000;

/** How long a log is kept after its page was left, in milliseconds. */
const KEPT = 5 * 60_000;

const EMPTY: SessionLog = { events: [], count: 0, state: "connecting", earlier: "none" };

/** Events after which the session itself has changed. */
const CHANGES = new Set(["status", "outcome", "git", "pull_request", "done", "error", "permission"]);

export const logKey = (id: string) => [...keys.session(id), "log"];

/** Follows a session's events as long as the component is there. One that has ended is followed again when it goes on, and when
 *  it has changed since: a turn may be over before the page hears of it. `endedAs` is its last change then. */
export function useSessionLog(id: string, endedAs: string | null): SessionLog {
  const queries = useQueryClient();
  const front = useInFront();
  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of a session that has ended is followed anew.
  useEffect(() => {
    if (!front) return;
    const abort = new AbortController();
    void followSession(queries, id, abort.signal);
    return () => abort.abort();
  }, [queries, id, front, endedAs]);
  const { data = EMPTY } = useQuery<SessionLog>({
    queryKey: logKey(id),
    queryFn: skipToken,
    gcTime: KEPT,
    // Ten thousand events are not compared with each other at each new one.
    structuralSharing: false,
  });
  return data;
}

const read = (queries: QueryClient, id: string) => queries.getQueryData<SessionLog>(logKey(id));

function write(queries: QueryClient, id: string, change: Partial<SessionLog>): void {
  const before = read(queries, id) ?? { ...EMPTY, events: [] };
  const events = change.events ?? before.events;
  queries.setQueryData<SessionLog>(logKey(id), { ...before, ...change, events, count: events.length });
}

/** Follows a session into the cache until the signal is given. */
export async function followSession(queries: QueryClient, id: string, signal: AbortSignal): Promise<void> {
  const known = read(queries, id)?.events.at(-1)?.seq ?? null;
  await follow<SessionEvent>({
    url: `/api/sessions/${encodeURIComponent(id)}/events?last=${NEWEST}`,
    after: known,
    dense: true,
    read: (frame) => JSON.parse(frame.data) as SessionEvent,
    take: (arrived) => {
      const log = read(queries, id);
      const events = (log?.events ?? []) as SessionEvent[];
      // Another reader of the same log may have been quicker.
      const newest = events.at(-1)?.seq ?? 0;
      const fresh = arrived.filter((event) => event.seq > newest);
      const began = events.length === 0 && (fresh[0]?.seq ?? 1) > 1;
      for (const event of fresh) events.push(event);
      write(queries, id, { events, ...(began && { earlier: "there" as const }) });
      if (fresh.some((event) => CHANGES.has(event.type))) refreshSession(queries, id);
    },
    state: (state, error) => write(queries, id, { state, error }),
    signal,
  });
}

/** Loads the page of events before the loaded ones. Does nothing where there are none, or while one is loading. */
export async function loadEarlier(queries: QueryClient, id: string, rows: number = PAGE): Promise<void> {
  const log = read(queries, id);
  const first = log?.events[0]?.seq ?? 1;
  if (first <= 1 || log?.earlier === "loading") return;
  write(queries, id, { earlier: "loading" });
  try {
    const found: SessionEvent[] = [];
    let after = Math.max(0, first - 1 - rows);
    // A page of large events ends early; what is missing of it is asked for again.
    while (after < first - 1) {
      const page = (await take(
        client.GET("/api/sessions/{id}/events", {
          params: { path: { id }, query: { after, limit: first - 1 - after } },
        }),
      )) as SessionEvent[];
      const last = page.at(-1)?.seq;
      if (last === undefined) break;
      found.push(...page);
      after = last;
    }
    const begins = found[0]?.seq ?? first;
    const events = [...found, ...(read(queries, id)?.events ?? [])];
    write(queries, id, { events, earlier: begins > 1 && found.length > 0 ? "there" : "none" });
  } catch {
    write(queries, id, { earlier: "failed" });
  }
}

/** Gives all events, loading what is missing, also where nothing has come yet; throws where that fails. */
export async function wholeLog(queries: QueryClient, id: string): Promise<readonly SessionEvent[]> {
  for (;;) {
    const log = read(queries, id);
    const none = log === undefined || log.events.length === 0;
    if (none && (log?.state === "refused" || log?.state === "reconnecting"))
      throw new Error("The log did not load");
    const coming = none && log?.state !== "ended";
    if (!coming && log?.earlier === "none") return log.events;
    if (coming || log?.earlier === "loading") await new Promise((resolve) => setTimeout(resolve, 50));
    else await loadEarlier(queries, id, LARGEST);
    if (read(queries, id)?.earlier === "failed") throw new Error("The earlier part of the log did not load");
  }
}
