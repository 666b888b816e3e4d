/** The timeline: streams, is virtualised, and never moves what is read. Layer: feature. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Wire } from "@/api/client";
import type { SessionLog } from "@/api/live/session-events";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { ErrorState } from "@/components/ui/states";
import type { Item } from "../timeline/items";
import { ItemView } from "./item-view";

const NEAR = 60;

/** The view. */
export function TimelineView({
  session,
  log,
  items,
  over,
}: {
  session: Wire<"Session">;
  log: SessionLog;
  items: Item[];
  over: boolean;
}) {
  const scroll = useRef<HTMLDivElement>(null);
  // Whoever stands at the end follows it; whoever reads above is left in peace.
  const follows = useRef(true);
  const [behind, setBehind] = useState(false);
  const list = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => 48,
    getItemKey: (at) => items[at]?.key ?? at,
    overscan: 6,
    gap: 6,
    paddingStart: 12,
    paddingEnd: 24,
  });
  const size = list.getTotalSize();
  // biome-ignore lint/correctness/useExhaustiveDependencies: it moves when the list grows, and only then.
  useLayoutEffect(() => {
    const element = scroll.current;
    if (element === null) return;
    if (follows.current) element.scrollTop = element.scrollHeight;
    else setBehind(element.scrollHeight - element.scrollTop - element.clientHeight > NEAR);
  }, [size, items]);
  useEffect(() => {
    const element = scroll.current;
    if (element === null) return;
    const moved = () => {
      const rest = element.scrollHeight - element.scrollTop - element.clientHeight;
      follows.current = rest < NEAR;
      setBehind(rest >= NEAR);
    };
    element.addEventListener("scroll", moved, { passive: true });
    return () => element.removeEventListener("scroll", moved);
  }, []);
  const jump = () => {
    follows.current = true;
    setBehind(false);
    list.scrollToIndex(items.length - 1, { align: "end" });
  };
  const empty = items.length === 0;
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {log.state === "reconnecting" && (
        <p className="bg-wait-soft px-4 py-1 text-xs" role="status">
          Reconnecting… What you see is the last that was known.
        </p>
      )}
      <section
        ref={scroll}
        className="min-h-0 flex-1 overflow-y-auto overflow-x-hidden px-4 [overflow-anchor:none] md:px-6"
        aria-label="Timeline"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long log is scrolled by keys.
        tabIndex={0}
      >
        {empty && log.state === "refused" && <ErrorState error={log.error} />}
        {empty && log.state === "connecting" && <RowsSkeleton rows={8} label="Loading the log" />}
        {empty && (log.state === "live" || log.state === "ended") && (
          <p className="py-6 text-n11">
            Nothing happened yet. The first event comes when a worker takes the task.
          </p>
        )}
        <div className="relative w-full" style={{ height: size }}>
          {list.getVirtualItems().map((row) => {
            const item = items[row.index];
            return (
              item && (
                <div
                  key={row.key}
                  data-index={row.index}
                  ref={list.measureElement}
                  className="absolute inset-x-0 top-0"
                  style={{ transform: `translateY(${row.start}px)` }}
                >
                  <ItemView item={item} session={session.id} agent={session.agent} over={over} />
                </div>
              )
            );
          })}
        </div>
      </section>
      {behind && (
        <Button
          look="plain"
          className="absolute bottom-3 left-1/2 -translate-x-1/2 shadow-float"
          onClick={jump}
        >
          <Icon of={ArrowDown} />
          Jump to now
        </Button>
      )}
    </div>
  );
}
