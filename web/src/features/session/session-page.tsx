/** A session: what happened on the left, what came of it on the right. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { Tabs } from "radix-ui";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Wire } from "@/api/client";
import { useSessionLog } from "@/api/live/session-events";
import { sessionQuery } from "@/api/queries";
import { OutcomeParts } from "@/components/outcome-parts";
import { useTitle } from "@/components/page";
import { Prose } from "@/components/prose/prose";
import { isActive } from "@/components/status";
import { PageSkeleton } from "@/components/ui/skeleton";
import { EmptyState, QueryView } from "@/components/ui/states";
import { Words } from "@/components/words";
import { shownOnOneLine } from "@/lib/text/harmless";
import { Composer } from "./components/composer";
import { DetailsPane } from "./components/details-pane";
import { DiffPane } from "./components/diff-pane";
import { FilesPane } from "./components/files-pane";
import { SessionHead } from "./components/session-head";
import { TimelineView } from "./components/timeline-view";
import { Timeline } from "./timeline/fold";

/** The page. */
export function SessionPage({ id }: { id: string }) {
  const session = useQuery(sessionQuery(id));
  return (
    <QueryView query={session} skeleton={<PageSkeleton />}>
      {(found) => <Loaded session={found} />}
    </QueryView>
  );
}

const WIDE = "(min-width: 64rem)";
const tabs = {
  timeline: "Timeline",
  diff: "Diff",
  outcome: "Outcome",
  files: "Files",
  details: "Details",
} as const;
type Tab = keyof typeof tabs;

function Loaded({ session }: { session: Wire<"Session"> }) {
  useTitle(shownOnOneLine(session.title));
  const over = ["complete", "error", "stopped"].includes(session.status);
  const log = useSessionLog(session.id, !over);
  const timeline = useMemo(() => ({ of: session.id, fold: new Timeline() }), [session.id]);
  timeline.fold.take(log.events);
  const { items, plan } = timeline.fold;
  const wide = useWide();
  const [chosen, setChosen] = useState<Tab | null>(null);
  const tab = chosen ?? (wide ? (over && session.outcome !== null ? "outcome" : "diff") : "timeline");
  const shownTab = wide && tab === "timeline" ? "diff" : tab;
  const names = (Object.keys(tabs) as Tab[]).filter((name) => !wide || name !== "timeline");
  const left = (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <TimelineView session={session} log={log} items={items} over={over && !isActive(session.status)} />
      <Composer session={session} />
    </div>
  );
  return (
    <div className="flex h-[calc(100dvh-3.5rem)] min-h-100 flex-col md:h-dvh">
      <SessionHead session={session} plan={plan} />
      <div className="flex min-h-0 flex-1">
        {wide && left}
        <Tabs.Root
          value={shownTab}
          onValueChange={(next) => setChosen(next as Tab)}
          className="flex min-h-0 min-w-0 flex-1 flex-col border-n5 lg:border-l"
        >
          <Tabs.List
            className="flex shrink-0 gap-1 overflow-x-auto border-n5 border-b px-2"
            aria-label="Views of the session"
          >
            {names.map((name) => (
              <Tabs.Trigger
                key={name}
                value={name}
                className="-mb-px h-9 shrink-0 border-transparent border-b-2 px-2.5 text-n11 text-sm hover:text-n12 data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-n12"
              >
                {tabs[name]}
                {name === "diff" && session.diffStat !== null && (
                  <span className="tabular ml-1.5 text-n10 text-xs">{session.diffStat.files}</span>
                )}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          <Tabs.Content value={shownTab} className="flex min-h-0 flex-1 flex-col outline-offset-[-2px]">
            {shownTab === "timeline" && left}
            {shownTab === "diff" && <DiffPane session={session} />}
            {shownTab === "outcome" && <OutcomePane session={session} />}
            {shownTab === "files" && <FilesPane session={session} />}
            {shownTab === "details" && <DetailsPane session={session} items={items} />}
          </Tabs.Content>
        </Tabs.Root>
      </div>
    </div>
  );
}

function OutcomePane({ session }: { session: Wire<"Session"> }) {
  return (
    <div className="min-h-0 flex-1 overflow-auto px-4 py-4 md:px-6">
      <h2 className="sr-only">Outcome</h2>
      {session.error !== null && (
        <div className="mb-4 border-fail border-l-2 bg-fail-soft px-3 py-2">
          <h3 className="font-semibold">Failed: {session.failureKind?.replaceAll("_", " ")}</h3>
          <p className="mt-0.5 break-words">{shownOnOneLine(session.error)}</p>
        </div>
      )}
      {session.outcome === null ? (
        session.error === null && (
          <EmptyState title="No outcome yet">It is written when the turn has ended.</EmptyState>
        )
      ) : (
        <>
          <h3 className="mb-4 max-w-[72ch] font-semibold text-base" dir="auto">
            <Words text={session.outcome.headline} />
          </h3>
          <OutcomeParts session={session} />
        </>
      )}
      {session.result === "text" && session.resultText !== null && (
        <section className="mt-6 border-n5 border-t pt-4" aria-label="The answer">
          <Prose text={session.resultText} />
        </section>
      )}
    </div>
  );
}

function useWide(): boolean {
  const [wide, setWide] = useState(() => matchMedia(WIDE).matches);
  const query = useRef(matchMedia(WIDE));
  useEffect(() => {
    const media = query.current;
    const changed = () => setWide(media.matches);
    media.addEventListener("change", changed);
    return () => media.removeEventListener("change", changed);
  }, []);
  return wide;
}
