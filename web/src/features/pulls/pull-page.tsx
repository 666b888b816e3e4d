/** A local pull request: what it says, what it changes, and its end. Layer: feature. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowRight, GitMerge, X } from "lucide-react";
import { useState } from "react";
import type { Wire } from "@/api/client";
import { filesQuery } from "@/api/queries";
import { DiffView } from "@/components/diff/diff-view";
import { Page } from "@/components/page";
import { Prose } from "@/components/prose/prose";
import { Ago } from "@/components/time";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Icon } from "@/components/ui/icon";
import { PageSkeleton, RowsSkeleton } from "@/components/ui/skeleton";
import { ErrorState, QueryView } from "@/components/ui/states";
import { toastDone } from "@/components/ui/toast";
import { cx } from "@/lib/classes";
import { repositoryName } from "@/lib/format";
import { shownOnOneLine } from "@/lib/text/harmless";
import { pullDiffQuery, pullQuery, useEnd } from "./api/pulls";
import { PullStateMark } from "./components/pull-state";

/** The page. */
export function PullPage({ number }: { number: number }) {
  const pull = useQuery(pullQuery(number));
  if (pull.data === undefined && pull.isError) {
    return (
      <Page title={`Pull request ${number}`}>
        <ErrorState error={pull.error} onRetry={() => void pull.refetch()} busy={pull.isFetching} />
      </Page>
    );
  }
  return (
    <QueryView query={pull} skeleton={<PageSkeleton />}>
      {(found) => <Loaded pull={found} />}
    </QueryView>
  );
}

function Loaded({ pull }: { pull: Wire<"Pull"> }) {
  const [asks, setAsks] = useState<"merge" | "close" | null>(null);
  const open = pull.state === "open" || pull.state === "draft";
  return (
    <Page
      title={`${shownOnOneLine(pull.title)} #${pull.number}`}
      line={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <PullStateMark state={pull.state} />
          <span>{repositoryName(pull.repo)}</span>
          <span className="inline-flex min-w-0 flex-wrap items-center gap-1 font-mono text-xs" dir="ltr">
            {shownOnOneLine(pull.head)}
            <Icon of={ArrowRight} className="size-3" />
            <span className="sr-only">into</span>
            {shownOnOneLine(pull.base)}
          </span>
          <Ago at={pull.updatedAt} />
          <Link
            to="/sessions/$sessionId"
            params={{ sessionId: pull.sessionId }}
            className="text-accent-text underline underline-offset-3"
          >
            Its session
          </Link>
        </span>
      }
      actions={
        open && (
          <>
            <Button look="danger" onClick={() => setAsks("close")}>
              <Icon of={X} />
              Close
            </Button>
            <Button look="primary" onClick={() => setAsks("merge")}>
              <Icon of={GitMerge} />
              Merge
            </Button>
          </>
        )
      }
    >
      {pull.mergeSha != null && (
        <p className="mb-4 text-n11 text-sm">
          Merged as <code className="break-all">{pull.mergeSha}</code>
        </p>
      )}
      <Body text={pull.body.replace(/<!--[\s\S]*?-->\s*$/, "")} />
      <Change pull={pull} />
      {asks && <EndDialog pull={pull} how={asks} onClose={() => setAsks(null)} />}
    </Page>
  );
}

/** What the pull request says; a long one shows its beginning, so that the change is in sight. */
function Body({ text }: { text: string }) {
  const [open, setOpen] = useState(false);
  const long = text.length > 700 || text.split("\n").length > 12;
  return (
    <div className="mb-5">
      <div className={cx(long && !open && "max-h-56 overflow-hidden")}>
        <Prose text={text} />
      </div>
      {long && (
        <Button
          size="small"
          look="quiet"
          className="-ml-2 mt-1"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? "Show less" : "Show all of it"}
        </Button>
      )}
    </div>
  );
}

function Change({ pull }: { pull: Wire<"Pull"> }) {
  const diff = useQuery(pullDiffQuery(pull));
  const queries = useQueryClient();
  const text = async (path: string) => {
    const query = filesQuery(pull.sessionId, path, pull.headSha);
    const found = await queries.fetchQuery({ ...query, staleTime: 60_000 });
    // The session may have gone on since.
    return found.kind === "file" && found.commitSha === pull.headSha ? found.text : null;
  };
  return (
    <section
      aria-label="Change"
      className="flex h-[80dvh] flex-col overflow-hidden rounded-md border border-n5"
    >
      <QueryView query={diff} skeleton={<RowsSkeleton rows={8} label="Loading the change" />}>
        {(found) => <DiffView diff={found} name={`pull-${pull.number}`} onText={text} />}
      </QueryView>
    </section>
  );
}

function EndDialog({
  pull,
  how,
  onClose,
}: {
  pull: Wire<"Pull">;
  how: "merge" | "close";
  onClose: () => void;
}) {
  const end = useEnd(pull);
  const merges = how === "merge";
  return (
    <Dialog
      open
      onClose={onClose}
      title={merges ? `Merge #${pull.number}?` : `Close #${pull.number}?`}
      description={
        merges
          ? `The change goes into ${shownOnOneLine(pull.base)} of ${repositoryName(pull.repo)}.`
          : "The change is not merged. Publishing the session again opens it anew."
      }
    >
      {end.isError && <ErrorState error={end.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          look={merges ? "primary" : "danger"}
          busy={end.isPending}
          onClick={() =>
            end.mutate(how, {
              onSuccess: () => {
                toastDone(merges ? "Merged" : "Closed");
                onClose();
              },
            })
          }
        >
          {merges ? "Merge the pull request" : "Close the pull request"}
        </Button>
      </div>
    </Dialog>
  );
}
