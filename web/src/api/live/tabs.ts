/** Tells the other tabs of this browser that something was changed here, so that no two show different truths. What changes a
 *  session's log is told by the server anyway; this is for the rest: titles, settings, tokens, who is signed in. Layer: api. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

const NAME = "telecoder";
let channel: BroadcastChannel | null | undefined;

function open(): BroadcastChannel | null {
  if (channel === undefined) {
    channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(NAME);
  }
  return channel;
}

/** Tells them. */
export const tellTabs = (): void => open()?.postMessage("changed");

/** Asks anew for everything that is shown but logs, which are followed by number. */
export function askAnew(queries: QueryClient): void {
  void queries.invalidateQueries({
    predicate: ({ queryKey }) => queryKey[2] !== "log" && queryKey[0] !== "highlight",
  });
}

/** Listens to the other tabs; the frame calls it once. */
export function useTabs(): void {
  const queries = useQueryClient();
  useEffect(() => {
    const heard = () => askAnew(queries);
    const from = open();
    from?.addEventListener("message", heard);
    return () => from?.removeEventListener("message", heard);
  }, [queries]);
}
