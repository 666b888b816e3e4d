/** Whether this browser is signed in, as far as the last answers tell. Layer: api.
 *
 *  Nothing is thrown away when access ends: the frame shows the sign-in over the page, drafts stay where they are. */
import { useSyncExternalStore } from "react";

export type Access = "unknown" | "in" | "out";

let access: Access = "unknown";
const listeners = new Set<() => void>();

function become(next: Access): void {
  if (access === next) return;
  access = next;
  for (const listener of listeners) listener();
}

let signIns = 0;

/** How often somebody has signed in here; an answer to what was asked before the last time says nothing of now. */
export const signInsSoFar = (): number => signIns;

/** A request was answered by 401 that was sent after so many sign-ins; by default, after all. */
export function signedOut(then = signIns): void {
  if (then === signIns) become("out");
}

/** A sign-in succeeded. */
export function signedIn(): void {
  signIns += 1;
  become("in");
}

/** Follows whether this browser is signed in. */
export function useAccess(): Access {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => access,
  );
}
