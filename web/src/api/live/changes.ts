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
/** The least time between two questions, in milliseconds: an agent that talks makes many frames. */
const BETWEEN = 700;

interface Change {
  seq: number | null;
  reset?: true;
  what: "ready" | "session" | "inbox" | "changed" | "reset";
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
  if (!/^(ready|session|inbox|changed|reset)$/.test(frame.event)) return null;
  const told = JSON.parse(frame.data) as { global?: number; sessionId?: string };
  const what = frame.event as Change["what"];
  const seq = told.global ?? Number(frame.id ?? Number.NaN);
  if (what === "inbox" || what === "changed") return { seq: null, what };
  if (!Number.isFinite(seq)) return null;
  return {
    seq,
    what,
    sessionId: told.sessionId,
    ...((what === "reset" || what === "ready") && { reset: true }),
  };
}

/** Gathers changes and refreshes what they touch. What is no event (a title, a removal, a setting) is told as `changed`
 *  without a name, and may hide behind an event of another session: so every question includes the heads that are open. */
export function gathering(queries: QueryClient) {
  let sessions = new Set<string>();
  let told = { everything: false, inbox: false, unnamed: false };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = Number.NEGATIVE_INFINITY;
  const flush = () => {
    timer = undefined;
    asked = Date.now();
    const { everything, inbox, unnamed } = told;
    if (everything || unnamed) {
      void queries.invalidateQueries({
        predicate: ({ queryKey }) => (everything ? isOfServer(queryKey) : isListOrHead(queryKey)),
      });
    } else if (sessions.size > 0) {
      for (const queryKey of [keys.sessions, keys.pulls, keys.inbox])
        void queries.invalidateQueries({ queryKey });
      void queries.invalidateQueries({
        predicate: (query) =>
          (isHead(query.queryKey) && (query.isActive() || sessions.has(String(query.queryKey[1])))) ||
          (isQueue(query.queryKey) && query.isActive()),
      });
    } else if (inbox) void queries.invalidateQueries({ queryKey: keys.inbox });
    sessions = new Set();
    told = { everything: false, inbox: false, unnamed: false };
  };
  return {
    take: (changes: Change[]) => {
      for (const change of changes) {
        if (change.what === "ready" || change.what === "reset") told.everything = true;
        else if (change.what === "inbox") told.inbox = true;
        else if (change.what === "changed") told.unnamed = true;
        else if (change.sessionId !== undefined) sessions.add(change.sessionId);
      }
      timer ??= setTimeout(flush, Math.max(GATHERED, asked + BETWEEN - Date.now()));
    },
    stop: () => clearTimeout(timer),
  };
}

/** Everything that the server tells, but logs, which are followed by number, and who is signed in. */
const isOfServer = (key: readonly unknown[]) => key[2] !== "log" && key[0] !== "me" && key[0] !== "highlight";

/** The session itself, not what belongs to one version of it. */
const isHead = (key: readonly unknown[]) => key[0] === "session" && key.length === 2;

/** What people wrote to a session: it waits for the turn's end without an event. */
const isQueue = (key: readonly unknown[]) => key[0] === "session" && key[2] === "messages";

/** What may be new although nothing happened in a session. Doctor looks at the host, and is asked by people. */
const isListOrHead = (key: readonly unknown[]) =>
  isOfServer(key) &&
  key[0] !== "doctor" &&
  (key[0] !== "session" || isHead(key) || isQueue(key) || key[2] === "lineage");
