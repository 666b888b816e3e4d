/** The top of a session: what it is, how it stands, what can be done. Layer: feature. */
import { useNavigate } from "@tanstack/react-router";
import { ArrowRight, GitPullRequest, MessageSquare, Pencil, RotateCcw, Square } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Wire } from "@/api/client";
import { isActive, StatusMark } from "@/components/status";
import { Lasting } from "@/components/time";
import { Button, IconButton } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { inputClass } from "@/components/ui/field";
import { Icon } from "@/components/ui/icon";
import { Words } from "@/components/words";
import { cx } from "@/lib/classes";
import { money, repositoryName, short } from "@/lib/format";
import { shownOnOneLine } from "@/lib/text/harmless";
import { useRename, useRerun, useStop } from "../api/actions";
import { PublishDialog } from "./publish-dialog";

/** The head. */
export function SessionHead({
  session,
  plan,
}: {
  session: Wire<"Session">;
  plan: { done: number; all: number; now: string | null } | null;
}) {
  const stop = useStop(session.id);
  const rerun = useRerun(session.id);
  const navigate = useNavigate();
  const [asks, setAsks] = useState<"stop" | "publish" | null>(null);
  const ended = ["complete", "error", "stopped"].includes(session.status);
  const published = session.prNumber !== null;
  const mayPublish =
    ended && session.policy.publish !== "never" && session.diffStat !== null && session.diffStat.files > 0;
  return (
    <header className="border-n5 border-b px-4 py-2.5 md:px-6">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Title session={session} />
        <div className="flex flex-wrap items-center gap-2">
          {!ended && (
            <Button look="danger" onClick={() => setAsks("stop")}>
              <Icon of={Square} />
              Stop
            </Button>
          )}
          <span className="hidden lg:block">
            <Button onClick={() => document.getElementById("composer")?.focus()}>
              <Icon of={MessageSquare} />
              Message
            </Button>
          </span>
          {ended && (
            <Button
              busy={rerun.isPending}
              onClick={() =>
                rerun.mutate(undefined, {
                  onSuccess: (made) =>
                    void navigate({ to: "/sessions/$sessionId", params: { sessionId: made.id } }),
                })
              }
            >
              <Icon of={RotateCcw} />
              Rerun
            </Button>
          )}
          {mayPublish && (
            <Button look={published ? "plain" : "primary"} onClick={() => setAsks("publish")}>
              <Icon of={GitPullRequest} />
              {published ? "Publish again" : "Publish"}
            </Button>
          )}
        </div>
      </div>
      <div className="mt-1 flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1 text-n11 text-xs">
        <StatusMark status={session.status} />
        {session.repo !== null && (
          <span className="truncate" title={shownOnOneLine(session.repo)}>
            {shownOnOneLine(repositoryName(session.repo))}
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
        <span>policy {session.policy.name}</span>
        {session.startedAt !== null && (
          <Lasting
            from={session.startedAt}
            to={isActive(session.status) ? null : (session.finishedAt ?? session.updatedAt)}
            className="tabular"
          />
        )}
        <span className="tabular" title="Tokens read and written">
          {short(session.usage.inputTokens)} in, {short(session.usage.outputTokens)} out
        </span>
        {session.usage.costUsd !== null && <span className="tabular">{money(session.usage.costUsd)}</span>}
        {plan && isActive(session.status) && (
          <span className="truncate">
            plan {plan.done}/{plan.all}
            {plan.now !== null && `: ${shownOnOneLine(plan.now.slice(0, 80))}`}
          </span>
        )}
        <PullLink session={session} />
      </div>
      <Dialog
        open={asks === "stop"}
        onClose={() => setAsks(null)}
        title="Stop this session?"
        description="The agent ends now. What it changed so far is kept and can be looked at."
      >
        <div className="flex justify-end gap-2">
          <Button onClick={() => setAsks(null)}>Keep it going</Button>
          <Button
            look="danger"
            busy={stop.isPending}
            onClick={() => stop.mutate(undefined, { onSettled: () => setAsks(null) })}
          >
            Stop the session
          </Button>
        </div>
      </Dialog>
      {asks === "publish" && <PublishDialog session={session} onClose={() => setAsks(null)} />}
    </header>
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
      <div className="flex min-w-0 flex-1 basis-60 items-center gap-1">
        <h1 className="truncate font-semibold text-lg" title={shownOnOneLine(session.title)}>
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
    <form onSubmit={save} className="flex min-w-0 flex-1 basis-60 gap-2">
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
