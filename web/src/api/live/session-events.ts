/** The event log of a session in the query cache: complete from 1 on, each event once, kept while the page is away. Layer: api.
 *
 *  The list only grows and is never replaced; `count` says how much of it this state has seen, so a reader may keep what it
 *  made of the events before. */
import { type QueryClient, skipToken, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Wire } from "../client";
import type { ApiError } from "../errors";
import { keys, refreshSession } from "../queries";
import { type FollowState, follow } from "./follow";
import { useInFront } from "./in-front";

export type SessionEvent = Wire<"Event">;

/** A session's log as far as it is known. */
export interface SessionLog {
  /** All events in order; the same array each time, append-only. */
  events: readonly SessionEvent[];
  /** How many of them there are in this state. */
  count: number;
  state: FollowState;
  /** Why it is interrupted or refused, where that is known. */
  error?: ApiError | undefined;
}

/** How long a log is kept after its page was left, in milliseconds. */
const KEPT = 5 * 60_000;

const EMPTY: SessionLog = { events: [], count: 0, state: "connecting" };

/** Events after which the session itself has changed. */
const CHANGES = new Set(["status", "outcome", "git", "pull_request", "done", "error", "permission"]);

export const logKey = (id: string) => [...keys.session(id), "log"];

/** Follows a session's events as long as the component is there. A session that ended is followed again when it goes on. */
export function useSessionLog(id: string, goesOn: boolean): SessionLog {
  const queries = useQueryClient();
  const front = useInFront();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a session that goes on after its end is to be followed anew.
  useEffect(() => {
    if (!front) return;
    const abort = new AbortController();
    void followSession(queries, id, abort.signal);
    return () => abort.abort();
  }, [queries, id, front, goesOn]);
  const { data = EMPTY } = useQuery<SessionLog>({ queryKey: logKey(id), queryFn: skipToken, gcTime: KEPT });
  return data;
}

/** Follows a session into the cache until the signal is given. */
export async function followSession(queries: QueryClient, id: string, signal: AbortSignal): Promise<void> {
  const key = logKey(id);
  const known = queries.getQueryData<SessionLog>(key) ?? { ...EMPTY, events: [] };
  const events = known.events as SessionEvent[];
  const last = events.at(-1)?.seq ?? 0;
  const set = (change: Partial<SessionLog>) =>
    queries.setQueryData<SessionLog>(key, (before = known) => ({
      ...before,
      ...change,
      events,
      count: events.length,
    }));
  await follow<SessionEvent>({
    url: `/api/sessions/${encodeURIComponent(id)}/events`,
    after: last,
    dense: true,
    read: (frame) => JSON.parse(frame.data) as SessionEvent,
    take: (arrived) => {
      // Another reader of the same log may have been quicker.
      const newest = events.at(-1)?.seq ?? 0;
      const fresh = arrived.filter((event) => event.seq > newest);
      for (const event of fresh) events.push(event);
      set({});
      if (fresh.some((event) => CHANGES.has(event.type))) refreshSession(queries, id);
    },
    state: (state, error) => set({ state, error }),
    signal,
  });
}
