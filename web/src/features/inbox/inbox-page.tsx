/** The inbox: what needs an answer, what was done, what went wrong, since you were here. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { CheckCheck } from "lucide-react";
import { inboxQuery } from "@/api/queries";
import { Missing } from "@/components/missing";
import { Page, Section } from "@/components/page";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { QueryView } from "@/components/ui/states";
import { useAnswerKeys } from "@/components/use-answer-keys";
import { count } from "@/lib/format";
import { useShortcuts } from "@/lib/shortcuts";
import { useSeen } from "./api/use-seen";
import { ApprovalCard } from "./components/approval-card";
import { AtWork, useAtWork } from "./components/at-work";
import { DoneRow } from "./components/done-row";
import { FailedRow } from "./components/failed-row";
import { FirstRun } from "./components/first-run";
import { groups, type InboxGroups } from "./groups";

/** The page. */
export function InboxPage() {
  const inbox = useQuery(inboxQuery);
  const atWork = useAtWork();
  const seen = useSeen();
  const found = inbox.data === undefined ? null : groups(inbox.data);
  const unread = found?.unread ?? 0;
  useAnswerKeys("Inbox");
  useShortcuts([
    { keys: "e", does: "Mark all as seen", group: "Inbox", run: () => unread > 0 && seen.mutate() },
  ]);
  return (
    <Page
      title="Inbox"
      line={found === null ? "Looking for what is new…" : stateLine(found, atWork.length)}
      actions={
        unread > 0 && (
          <Button onClick={() => seen.mutate()} busy={seen.isPending}>
            <Icon of={CheckCheck} />
            Mark all as seen
          </Button>
        )
      }
    >
      <Missing />
      <QueryView query={inbox} skeleton={<RowsSkeleton rows={8} label="Loading the inbox" />}>
        {(loaded) => <Groups found={groups(loaded)} quiet={atWork.length === 0} />}
      </QueryView>
      <AtWork sessions={atWork} />
    </Page>
  );
}

function Groups({ found, quiet }: { found: InboxGroups; quiet: boolean }) {
  const { waiting, done, failed, earlier } = found;
  if (waiting.length + done.length + failed.length + earlier.length === 0) return quiet ? <FirstRun /> : null;
  return (
    <>
      {waiting.length > 0 && (
        <Section id="needs-you" title={`Needs you (${waiting.length})`}>
          <ul className="flex flex-col gap-3 pt-2">
            {waiting.map((entry) => (
              <li key={entry.approval.id} className="animate-arrive">
                <ApprovalCard approval={entry.approval} session={entry.session} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      {done.length > 0 && (
        <Section id="done" title="Done since you were here">
          <ul>
            {done.map((entry) => (
              <DoneRow key={entry.session.id} session={entry.session} unread />
            ))}
          </ul>
        </Section>
      )}
      {failed.length > 0 && (
        <Section id="failed" title="Went wrong">
          <ul>
            {failed.map((entry) => (
              <FailedRow key={entry.session.id} session={entry.session} unread={entry.unread} />
            ))}
          </ul>
        </Section>
      )}
      {waiting.length + done.length + failed.length === 0 && (
        <p className="mb-6 text-n11">Nothing new. What ended before stands below.</p>
      )}
      {earlier.length > 0 && (
        <Section id="earlier" title="Seen before">
          <ul>
            {earlier.map((entry) =>
              entry.session.status === "complete" ? (
                <DoneRow key={entry.session.id} session={entry.session} unread={false} />
              ) : (
                <FailedRow key={entry.session.id} session={entry.session} unread={false} />
              ),
            )}
          </ul>
        </Section>
      )}
    </>
  );
}

function stateLine({ waiting, done, failed }: InboxGroups, active: number): string {
  const parts = [
    waiting.length > 0 && `${waiting.length} ${waiting.length === 1 ? "waits" : "wait"} for you`,
    done.length > 0 && `${done.length} done`,
    failed.some((entry) => entry.unread) && `${failed.filter((entry) => entry.unread).length} went wrong`,
    active > 0 && `${count(active, "session")} at work`,
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(", ") : "All quiet. Nothing waits for you.";
}
