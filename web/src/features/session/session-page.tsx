/** A session: what happened on the left, what came of it on the right. Layer: feature. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Tabs } from "radix-ui";
import { useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { Wire } from "@/api/client";
import { asApiError } from "@/api/errors";
import { loadEarlier, useSessionLog } from "@/api/live/session-events";
import { sessionQuery } from "@/api/queries";
import { Page, useTitle } from "@/components/page";
import { isActive } from "@/components/status";
import { PageSkeleton } from "@/components/ui/skeleton";
import { Split } from "@/components/ui/split";
import { ErrorState, QueryView } from "@/components/ui/states";
import { useAnswerKeys } from "@/components/use-answer-keys";
import { useMedia } from "@/lib/media";
import { useShortcuts } from "@/lib/shortcuts";
import { shownOnOneLine } from "@/lib/text/harmless";
import { Composer } from "./components/composer";
import { DetailsPane } from "./components/details-pane";
import { DiffPane } from "./components/diff-pane";
import { FilesPane } from "./components/files-pane";
import { Gone } from "./components/gone";
import { OutcomePane } from "./components/outcome-pane";
import { SessionHead } from "./components/session-head";
import { TimelineView } from "./components/timeline-view";
import { Timeline } from "./timeline/fold";
import type { Item } from "./timeline/items";

/** The page. */
export function SessionPage({ id }: { id: string }) {
  const session = useQuery(sessionQuery(id));
  if (session.isError && asApiError(session.error).status === 404)
    return <Gone id={id} title={session.data?.title} error={asApiError(session.error)} />;
  if (session.data === undefined && session.isError) {
    return (
      <Page title="Session">
        <ErrorState error={session.error} onRetry={() => void session.refetch()} busy={session.isFetching} />
      </Page>
    );
  }
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
  const queries = useQueryClient();
  const over = ["complete", "error", "stopped"].includes(session.status);
  const log = useSessionLog(session.id, over ? session.updatedAt : null);
  // Earlier events come as a new list, which is folded from its beginning.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list stands for the log.
  const timeline = useMemo(() => new Timeline(), [log.events]);
  timeline.take(log.events);
  const { items, plan } = timeline;
  const wide = useMedia(WIDE);
  const [chosen, setChosen] = useState<Tab | null>(null);
  const told = over && (session.outcome !== null || session.error !== null);
  const tab = chosen ?? (wide ? (told ? "outcome" : "diff") : "timeline");
  const shown = wide && tab === "timeline" ? "diff" : tab;
  // A pane that was looked at stays, out of sight, with what was opened and scrolled to in it.
  const visited = useRef(new Set<Tab>());
  visited.current.add(shown);
  useAnswerKeys("Session");
  const write = () => focus("composer", setChosen, wide);
  useShortcuts([
    { keys: "m", does: "Write to the agent", group: "Session", run: write },
    {
      keys: "t",
      does: "Go to the timeline",
      group: "Session",
      run: () => focus("timeline", setChosen, wide),
    },
  ]);
  const left = (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <TimelineView
        session={session}
        log={log}
        items={items}
        over={over && !isActive(session.status)}
        onEarlier={() => void loadEarlier(queries, session.id)}
      />
      <Composer session={session} />
    </div>
  );
  const pane = (name: Tab) => {
    switch (name) {
      case "timeline":
        return left;
      case "diff":
        return <DiffPane session={session} items={items} active={shown === "diff"} />;
      case "outcome":
        return <OutcomePane session={session} remedy={remedyOf(items)} onWrite={write} />;
      case "files":
        return <FilesPane session={session} />;
      case "details":
        return <DetailsPane session={session} />;
    }
  };
  const names = (Object.keys(tabs) as Tab[]).filter((name) => !wide || name !== "timeline");
  const right = (
    <Tabs.Root
      value={shown}
      onValueChange={(next) => setChosen(next as Tab)}
      className="flex min-h-0 min-w-0 flex-1 flex-col"
    >
      <Tabs.List
        className="group flex shrink-0 gap-1 overflow-x-auto border-n5 border-b px-2"
        aria-label="Views of the session"
        // Radix gives the focus by script, which browsers take for a keyboard's.
        onPointerDownCapture={(event) => event.currentTarget.setAttribute("data-pointer", "")}
        onKeyDownCapture={(event) => event.currentTarget.removeAttribute("data-pointer")}
      >
        {names.map((name) => (
          <Tabs.Trigger
            key={name}
            value={name}
            className="-mb-px h-9 shrink-0 border-transparent border-b-2 px-2.5 font-medium text-n11 text-sm outline-offset-[-4px] hover:text-n12 group-data-[pointer]:outline-none data-[state=active]:border-accent data-[state=active]:text-n12"
          >
            {tabs[name]}
            {name === "diff" && session.diffStat !== null && session.diffStat.files > 0 && (
              <span className="tabular ml-1.5 font-normal text-n11 text-xs">{session.diffStat.files}</span>
            )}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <div className="relative min-h-0 flex-1">
        {names.map((name) => (
          <Tabs.Content
            key={name}
            value={name}
            {...(visited.current.has(name) && { forceMount: true })}
            tabIndex={-1}
            className="absolute inset-0 flex flex-col outline-none data-[state=inactive]:invisible"
          >
            {visited.current.has(name) && pane(name)}
          </Tabs.Content>
        ))}
      </div>
    </Tabs.Root>
  );
  return (
    <div data-fills className="flex h-[calc(100dvh-3.5rem)] min-h-100 flex-col md:h-dvh">
      <SessionHead session={session} plan={plan} />
      {wide ? (
        <Split
          name="session"
          label="Border between the timeline and the views"
          share={46}
          left={left}
          right={right}
        />
      ) : (
        right
      )}
    </div>
  );
}

/** What the platform said to do about the last error. */
function remedyOf(items: readonly Item[]): string | undefined {
  const last = items.findLast((item) => item.type === "note" && item.mark === "error");
  return last?.type === "note" ? last.more : undefined;
}

/** Moves the focus, on a phone after the tab of the timeline was opened. At once: what is typed next belongs there. */
function focus(what: "composer" | "timeline", choose: (tab: Tab) => void, wide: boolean): void {
  if (!wide) flushSync(() => choose("timeline"));
  document
    .querySelector<HTMLElement>(what === "composer" ? "#composer" : 'section[aria-label="Timeline"]')
    ?.focus();
}
