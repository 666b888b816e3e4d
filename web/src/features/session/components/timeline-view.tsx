/** The timeline: streams, is virtualised, begins at its newest events, and never moves what is read. Layer: feature. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useEffect, useLayoutEffect, useRef } from "react";
import type { Wire } from "@/api/client";
import type { SessionLog } from "@/api/live/session-events";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { ErrorState } from "@/components/ui/states";
import { cx } from "@/lib/classes";
import { useScrollSync } from "../hooks/use-scroll-sync";
import { NEAR, useScrolling } from "../hooks/use-scrolling";
import type { Item } from "../timeline/items";
import { expectedHeight } from "../timeline/layout";
import { ItemView } from "./item-view";

const TOP = 12;
/** The place above the first item while there are earlier ones. */
const TOP_MORE = 44;

/** The view. */
export function TimelineView({
  session,
  log,
  items,
  over,
  onEarlier,
}: {
  session: Wire<"Session">;
  log: SessionLog;
  items: Item[];
  over: boolean;
  onEarlier: () => void;
}) {
  const scroll = useRef<HTMLDivElement>(null);
  const more = log.earlier !== "none";
  const { behind, stays, stay, follow, look } = useScrolling(
    scroll,
    () => log.earlier === "there" && onEarlier(),
  );
  const list = useVirtualizer({
    ...useScrollSync(),
    count: items.length,
    getScrollElement: () => scroll.current,
    estimateSize: (at) => expectedHeight(items[at]),
    getItemKey: (at) => items[at]?.key ?? at,
    overscan: 6,
    paddingStart: more ? TOP_MORE : TOP,
    paddingEnd: 24,
    anchorTo: stays ? "start" : "end",
    followOnAppend: !stays,
    scrollEndThreshold: NEAR,
  });
  const size = list.getTotalSize();
  // A log that is known already begins at its end, too.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when it appears.
  useLayoutEffect(() => list.scrollToEnd(), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of the list may bring its ends into sight.
  useEffect(look, [look, size, items, log.earlier]);
  const empty = items.length === 0;
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {log.state === "reconnecting" && (
        <p className="bg-wait-soft px-4 py-1 text-xs md:px-6" role="status">
          Reconnecting… What you see is the last that was known.
        </p>
      )}
      <section
        ref={scroll}
        className="min-h-0 flex-1 overflow-y-auto overflow-x-hidden px-4 outline-offset-[-2px] [overflow-anchor:none] md:px-6"
        aria-label="Timeline"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long log is scrolled by keys.
        tabIndex={0}
        onClickCapture={(event) => {
          // Whoever opens something reads it; what comes then shall not push it away.
          if ((event.target as Element).closest("[aria-expanded]") !== null) stay();
        }}
      >
        {empty && log.state === "refused" && <ErrorState error={log.error} />}
        {empty && log.state === "connecting" && <RowsSkeleton rows={8} label="Loading the log" />}
        {empty && (log.state === "live" || log.state === "ended") && (
          <p className="py-6 text-n11">
            Nothing happened yet. The first event comes when a worker takes the task.
          </p>
        )}
        <div className="relative w-full max-w-200" style={{ height: size }}>
          {more && <Earlier state={log.earlier} onWanted={onEarlier} />}
          {list.getVirtualItems().map((row) => {
            const item = items[row.index];
            return (
              item && (
                <div
                  key={row.key}
                  data-index={row.index}
                  data-seq={item.seq}
                  ref={list.measureElement}
                  className={cx("absolute inset-x-0 top-0", !joins(items[row.index - 1], item) && "pt-1.5")}
                  style={{ transform: `translateY(${row.start}px)` }}
                >
                  <ItemView
                    item={item}
                    session={session.id}
                    agent={session.agent}
                    over={over}
                    waiting={session.status === "waiting"}
                  />
                </div>
              )
            );
          })}
        </div>
      </section>
      {behind && (
        <Button
          look="plain"
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full shadow-float"
          onClick={() => {
            follow();
            list.scrollToEnd();
          }}
        >
          <Icon of={ArrowDown} />
          Jump to now
        </Button>
      )}
    </div>
  );
}

/** Whether two items stand together without a gap: what the platform tells in one go. */
function joins(before: Item | undefined, item: Item): boolean {
  const evidence = (each: Item | undefined) => each?.type === "steps" || each?.type === "note";
  return evidence(before) && evidence(item);
}

/** What stands above the oldest loaded event. It loads by itself when it comes near; the button is for keyboards. */
function Earlier({ state, onWanted }: { state: SessionLog["earlier"]; onWanted: () => void }) {
  return (
    <p className="flex h-10 items-center gap-2 text-n11 text-xs" role="status">
      {state === "loading" ? (
        "Loading earlier events…"
      ) : (
        <>
          {state === "failed" && "Earlier events did not load."}
          <Button size="small" look="quiet" className="-ml-2" onClick={onWanted}>
            {state === "failed" ? "Try again" : "Load earlier events"}
          </Button>
        </>
      )}
    </p>
  );
}
