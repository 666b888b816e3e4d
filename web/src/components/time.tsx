/** Times that stay true while they are looked at. Layer: components. */
import { useSyncExternalStore } from "react";
import { ago, duration, exactTime } from "@/lib/format";

const EACH = 10_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = Date.now();

function follow(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, EACH);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** Now, renewed every ten seconds, the same for everything on the page. */
export function useNow(): number {
  return useSyncExternalStore(follow, () => now);
}

/** How long ago something was; the exact time on hover. */
export function Ago({ at, className }: { at: string; className?: string }) {
  const moment = useNow();
  return (
    <time dateTime={at} title={exactTime(at)} className={className}>
      {ago(at, Math.max(moment, Date.now() - EACH))}
    </time>
  );
}

/** How long something takes or took; `to` absent: it still goes on. */
export function Lasting({ from, to, className }: { from: string; to?: string | null; className?: string }) {
  const moment = useNow();
  const end = to == null ? Math.max(moment, Date.now() - 1000) : Date.parse(to);
  return <span className={className}>{duration(Math.max(0, end - Date.parse(from)))}</span>;
}
