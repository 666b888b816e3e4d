/** What a session is made of: ids, limits, usage, lineage, pull request, log. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import type { ReactNode } from "react";
import type { Wire } from "@/api/client";
import { CopyButton } from "@/components/copy";
import { Section } from "@/components/page";
import { SessionLink } from "@/components/session-link";
import { StatusMark } from "@/components/status";
import { Ago } from "@/components/time";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { Words } from "@/components/words";
import { duration, money, sentence, whole } from "@/lib/format";
import { policyWords } from "@/lib/policy-words";
import { shownOnOneLine } from "@/lib/text/harmless";
import { lineageQuery, usageQuery } from "../api/actions";
import { useTextLog } from "../hooks/use-text-log";
import { PullLink } from "./session-head";

/** The pane. */
export function DetailsPane({ session }: { session: Wire<"Session"> }) {
  const usage = useQuery(usageQuery(session.id, session.updatedAt));
  const lineage = useQuery(lineageQuery(session.id));
  const log = useTextLog(session.id);
  return (
    <div
      className="min-h-0 flex-1 overflow-auto px-4 py-4 md:px-6"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a long pane is scrolled by keys.
      tabIndex={0}
    >
      <Section title="Session">
        <dl>
          <Row name="Id">
            <span className="flex items-center gap-2">
              <code>{session.id}</code>
              <CopyButton text={session.id} what="Copy the id" />
            </span>
          </Row>
          <Row name="Repository">
            {session.repo === null ? "none" : <code dir="ltr">{shownOnOneLine(session.repo)}</code>}
          </Row>
          <Row name="Branch">
            <code dir="ltr">{session.branch}</code>
          </Row>
          <Row name="Base">
            <code dir="ltr">{shownOnOneLine(session.base ?? "default branch")}</code>
          </Row>
          <Row name="Last commit">
            {session.headSha === null ? "none yet" : <code className="break-all">{session.headSha}</code>}
          </Row>
          <Row name="Agent">
            {session.agent}
            {session.model !== null && `, ${shownOnOneLine(session.model)}`}
          </Row>
          <Row name="Asked">
            <Ago at={session.createdAt} /> from {session.source}
            {session.requester !== null && ` by ${shownOnOneLine(session.requester.name)}`}
          </Row>
          <Row name="Attempt">{session.attempt}</Row>
          {session.prNumber !== null && (
            <Row name="Pull request">
              <PullLink session={session} />
            </Row>
          )}
        </dl>
      </Section>
      <Section title={`Policy ${session.policy.name}`}>
        <p className="py-2 text-sm">{sentence(policyWords(session.policy))}</p>
      </Section>
      <Section title="Usage">
        <dl>
          <Row name="Tokens">
            {whole(session.usage.inputTokens)} read ({whole(session.usage.cachedTokens)} from the cache),{" "}
            {whole(session.usage.outputTokens)} written
          </Row>
          <Row name="Cost">{session.usage.costUsd === null ? "not known" : money(session.usage.costUsd)}</Row>
          <Row name="Time at work">{duration(session.usage.durationMs)}</Row>
          {usage.data && (
            <Row name="Calls">
              {usage.data.calls} in {usage.data.turns} {usage.data.turns === 1 ? "turn" : "turns"}
            </Row>
          )}
        </dl>
      </Section>
      <Section id="lineage" title="Lineage">
        <ul>
          {(lineage.data ?? [session]).map((each) => (
            <li key={each.id} className="flex min-h-8 items-center gap-3 border-n5 border-b">
              <StatusMark status={each.status} bare />
              {each.id === session.id ? (
                <span className="min-w-0 flex-1 truncate font-medium">
                  <Words text={each.title} /> (this one)
                </span>
              ) : (
                <SessionLink session={each} className="min-w-0 flex-1 truncate hover:underline" />
              )}
              <Ago at={each.createdAt} className="text-n10 text-xs" />
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Log">
        <div className="flex gap-2 py-2">
          <CopyButton text={log.text} what="Copy as text" size="medium" />
          <Button look="quiet" onClick={() => log.save.mutate()} busy={log.save.isPending}>
            <Icon of={Download} />
            Download as text
          </Button>
        </div>
      </Section>
    </div>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex min-h-8 items-center gap-3 border-n5 border-b py-1 last:border-0">
      <dt className="w-28 shrink-0 text-n11 text-xs">{name}</dt>
      <dd className="min-w-0 flex-1 break-words">{children}</dd>
    </div>
  );
}
