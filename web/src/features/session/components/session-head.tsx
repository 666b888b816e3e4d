/** The top of a session: what it is, how it stands, what can be done. Layer: feature. */
import { ArrowRight, GitPullRequest, Pencil } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Wire } from "@/api/client";
import { isActive, StatusMark, statusWord } from "@/components/status";
import { Lasting } from "@/components/time";
import { Button, IconButton } from "@/components/ui/button";
import { inputClass } from "@/components/ui/field";
import { Icon } from "@/components/ui/icon";
import { Words } from "@/components/words";
import { cx } from "@/lib/classes";
import { money, repositoryName, short } from "@/lib/format";
import { policyWords } from "@/lib/policy-words";
import { shownOnOneLine } from "@/lib/text/harmless";
import { useRename } from "../api/actions";
import { SessionActions } from "./session-actions";

/** How far the agent's plan is. */
interface Progress {
  done: number;
  all: number;
  now: string | null;
}

/** The head. */
export function SessionHead({ session, plan }: { session: Wire<"Session">; plan: Progress | null }) {
  return (
    <header className="flex flex-wrap items-center gap-x-4 gap-y-1.5 border-n5 border-b px-4 py-2.5 md:px-6">
      <Title session={session} />
      <SessionActions
        session={session}
        className="order-3 flex w-full flex-wrap items-center gap-2 md:order-2 md:w-auto"
      />
      <StateLine session={session} plan={plan} />
      <p role="status" className="sr-only">
        This session: {statusWord(session.status)}
      </p>
    </header>
  );
}

/** One line of state: how it stands, on what, since when, at what cost. */
function StateLine({ session, plan }: { session: Wire<"Session">; plan: Progress | null }) {
  const { usage, budgetUsd } = session;
  return (
    <div className="order-2 flex w-full min-w-0 flex-wrap items-center gap-x-3 gap-y-1 text-n11 text-xs md:order-3">
      <StatusMark status={session.status} />
      {session.repo !== null && (
        <span className="truncate" title={shownOnOneLine(session.repo)}>
          {repositoryName(session.repo)}
        </span>
      )}
      {session.repo !== null && (
        <span className="hidden items-center gap-1 font-mono sm:inline-flex" dir="ltr">
          {session.branch}
          <Icon of={ArrowRight} className="size-3" />
          <span className="sr-only">into</span>
          {shownOnOneLine(session.base ?? "default branch")}
        </span>
      )}
      <span title={policyWords(session.policy)}>policy {session.policy.name}</span>
      {session.startedAt !== null && (
        <Lasting
          from={session.startedAt}
          to={isActive(session.status) ? null : (session.finishedAt ?? session.updatedAt)}
          className="tabular"
        />
      )}
      {usage.inputTokens + usage.outputTokens > 0 && (
        <span className="tabular" title="Tokens read and written">
          {short(usage.inputTokens)} in, {short(usage.outputTokens)} out
        </span>
      )}
      {budgetUsd !== null ? (
        <Budget spent={usage.costUsd ?? 0} most={budgetUsd} />
      ) : (
        usage.costUsd !== null && <span className="tabular">{money(usage.costUsd)}</span>
      )}
      {plan && isActive(session.status) && (
        <span className="min-w-0 max-w-full truncate">
          plan {plan.done}/{plan.all}
          {plan.now !== null && `: ${shownOnOneLine(plan.now.slice(0, 80))}`}
        </span>
      )}
      <PullLink session={session} />
    </div>
  );
}

/** What was spent of the budget, as a thin bar. */
function Budget({ spent, most }: { spent: number; most: number }) {
  const share = most > 0 ? Math.min(1, spent / most) : 1;
  return (
    <span className="tabular inline-flex items-center gap-2">
      <span aria-hidden className="h-1 w-16 overflow-hidden rounded-full bg-n5">
        <span
          className={cx("block h-full", share > 0.9 ? "bg-wait" : "bg-n10")}
          style={{ width: `${share * 100}%` }}
        />
      </span>
      <span className="sr-only">budget: </span>
      {money(spent)} of {money(most)}
    </span>
  );
}

/** The pull request, with its state. A local one has a page here. */
export function PullLink({ session }: { session: Wire<"Session"> }) {
  if (session.prNumber === null || session.prUrl === null) return null;
  const url = session.prUrl;
  const here =
    url.startsWith("/") ||
    url.startsWith(`${location.origin}/`) ||
    /^https?:\/\/[^/]+\/pulls\/\d+$/.test(url);
  const href = here ? `/pulls/${session.prNumber}` : /^https?:\/\//.test(url) ? url : undefined;
  return (
    <a
      href={href}
      {...(!here && { target: "_blank", rel: "noopener noreferrer" })}
      className="inline-flex items-center gap-1 text-accent-text underline underline-offset-3"
    >
      <Icon of={GitPullRequest} className="size-3.5" />
      pull request #{session.prNumber}
      {session.prState !== null && ` (${session.prState})`}
    </a>
  );
}

function Title({ session }: { session: Wire<"Session"> }) {
  const [draft, setDraft] = useState<string | null>(null);
  const rename = useRename(session.id);
  if (draft === null)
    return (
      <div className="order-1 flex min-w-0 flex-1 basis-60 items-center gap-1">
        <h1
          className="line-clamp-2 font-semibold text-lg tracking-[-0.01em] md:line-clamp-1"
          title={shownOnOneLine(session.title)}
        >
          <Words text={session.title} />
        </h1>
        <IconButton label="Rename the session" size="small" onClick={() => setDraft(session.title)}>
          <Icon of={Pencil} />
        </IconButton>
      </div>
    );
  const save = (event: FormEvent) => {
    event.preventDefault();
    const title = draft.trim();
    if (title === "" || title === session.title) return setDraft(null);
    rename.mutate(title, { onSuccess: () => setDraft(null) });
  };
  return (
    <form onSubmit={save} className="order-1 flex min-w-0 flex-1 basis-60 gap-2">
      <input
        // biome-ignore lint/a11y/noAutofocus: the field appears because its button was pressed.
        autoFocus
        aria-label="Title"
        dir="auto"
        maxLength={200}
        className={cx(inputClass, "flex-1")}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && setDraft(null)}
      />
      <Button type="submit" busy={rename.isPending}>
        Save
      </Button>
    </form>
  );
}
