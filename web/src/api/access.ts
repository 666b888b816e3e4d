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

/** A request was answered by 401. */
export const signedOut = (): void => become("out");

/** A sign-in succeeded. */
export const signedIn = (): void => become("in");

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
