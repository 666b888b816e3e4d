/** What changed anywhere, so that lists, the inbox and heads are true in every tab. Layer: api.
 *
 *  A frame says that something is new; what it is now is asked for. Many frames at once are one question. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { signedOut } from "../access";
import { keys } from "../queries";
import { type FollowState, follow } from "./follow";
import type { Frame } from "./frames";
import { useInFront } from "./in-front";

/** How long frames are gathered before the server is asked, in milliseconds. */
const GATHERED = 120;

interface Change {
  seq: number | null;
  reset?: true;
  what: "ready" | "session" | "inbox" | "reset";
  sessionId?: string | undefined;
}

let state: FollowState = "connecting";
const listeners = new Set<() => void>();

/** How the connection to the server stands. */
export function useConnection(): FollowState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

function become(next: FollowState): void {
  state = next;
  for (const listener of listeners) listener();
}

/** Keeps lists live while the page is open; the frame calls it once. */
export function useLiveLists(enabled: boolean): void {
  const queries = useQueryClient();
  const front = useInFront();
  useEffect(() => {
    if (!enabled || !front) return;
    const abort = new AbortController();
    const gather = gathering(queries);
    void follow<Change>({
      url: "/api/events",
      after: null,
      dense: false,
      read: readChange,
      take: gather.take,
      state: (next, error) => {
        if (error?.status === 401) signedOut();
        become(next);
      },
      signal: abort.signal,
    });
    return () => {
      abort.abort();
      gather.stop();
    };
  }, [queries, enabled, front]);
}

/** Reads a frame of the stream of changes. */
export function readChange(frame: Extract<Frame, { kind: "event" }>): Change | null {
  if (!/^(ready|session|inbox|reset)$/.test(frame.event)) return null;
  const told = JSON.parse(frame.data) as { global?: number; sessionId?: string };
  const what = frame.event as Change["what"];
  const seq = told.global ?? Number(frame.id ?? Number.NaN);
  if (what === "inbox") return { seq: null, what };
  if (!Number.isFinite(seq)) return null;
  return {
    seq,
    what,
    sessionId: told.sessionId,
    ...((what === "reset" || what === "ready") && { reset: true }),
  };
}

/** Gathers changes and refreshes what they touch. */
export function gathering(queries: QueryClient) {
  let sessions = new Set<string>();
  let everything = false;
  let inbox = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    if (everything) {
      void queries.invalidateQueries({
        predicate: (query) => query.queryKey[2] !== "log" && query.queryKey[0] !== "me",
      });
    } else {
      if (sessions.size > 0) {
        void queries.invalidateQueries({ queryKey: keys.sessions });
        void queries.invalidateQueries({ queryKey: keys.pulls });
      }
      if (sessions.size > 0 || inbox) void queries.invalidateQueries({ queryKey: keys.inbox });
      for (const id of sessions) void queries.invalidateQueries({ queryKey: keys.session(id), exact: true });
    }
    sessions = new Set();
    everything = false;
    inbox = false;
  };
  return {
    take: (changes: Change[]) => {
      for (const change of changes) {
        if (change.what === "ready" || change.what === "reset") everything = true;
        else if (change.what === "inbox") inbox = true;
        else if (change.sessionId !== undefined) sessions.add(change.sessionId);
      }
      timer ??= setTimeout(flush, GATHERED);
    },
    stop: () => clearTimeout(timer),
  };
}
