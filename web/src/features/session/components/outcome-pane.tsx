/** What came of a session: why it failed, the four parts, the answer. Layer: feature. */
import type { Wire } from "@/api/client";
import { NextStepButton } from "@/components/next-step";
import { OutcomeParts } from "@/components/outcome-parts";
import { Prose } from "@/components/prose/prose";
import { isActive } from "@/components/status";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/states";
import { Words } from "@/components/words";
import { sentence } from "@/lib/format";
import { shownOnOneLine } from "@/lib/text/harmless";

/** The pane. */
export function OutcomePane({
  session,
  remedy,
  onWrite,
}: {
  session: Wire<"Session">;
  /** What to do about its failure, where the platform knows. */
  remedy: string | undefined;
  /** Leads to where one writes to the agent. */
  onWrite: () => void;
}) {
  const { outcome } = session;
  return (
    <div
      className="@container min-h-0 flex-1 overflow-auto px-4 py-5 md:px-6"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a long outcome is scrolled by keys.
      tabIndex={0}
    >
      {outcome === null && session.error !== null && <h2 className="sr-only">Outcome</h2>}
      {session.error !== null && (
        <div className="mb-5 border-fail border-l-2 bg-fail-soft px-3 py-2">
          <p className="font-semibold">Failed</p>
          <p className="mt-0.5 break-words" dir="auto">
            {sentence(shownOnOneLine(session.error))}
          </p>
          {remedy !== undefined && (
            <p className="mt-0.5 text-n11">
              <Words text={remedy} />
            </p>
          )}
          {session.status === "error" && (
            <div className="mt-2.5 mb-1 flex flex-wrap items-center gap-x-3 gap-y-1.5">
              <NextStepButton session={session} />
              <Button size="small" look="quiet" onClick={onWrite}>
                Write to the agent
              </Button>
            </div>
          )}
        </div>
      )}
      {outcome === null ? (
        session.error === null && (
          <EmptyState title={isActive(session.status) ? "No outcome yet" : "No outcome"}>
            {isActive(session.status)
              ? "It is written when the turn has ended."
              : "The session ended before there was one."}
          </EmptyState>
        )
      ) : (
        <>
          <h2 className="mb-5 max-w-[72ch] font-semibold text-lg tracking-[-0.01em]" dir="auto">
            <Words text={outcome.headline} />
          </h2>
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
