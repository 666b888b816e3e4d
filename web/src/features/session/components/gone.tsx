/** A session that is not there: it never was, or it was removed while somebody looked at it. Layer: feature. */
import { useEffect, useState } from "react";
import type { ApiError } from "@/api/errors";
import { Page } from "@/components/page";
import { Prose } from "@/components/prose/prose";
import { ButtonLink } from "@/components/ui/button";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { Words } from "@/components/words";
import { keep, recall } from "@/lib/storage";

/** The page. `title` is known where the session was on the page before. */
export function Gone({ id, title, error }: { id: string; title: string | undefined; error: ApiError }) {
  // What was being written to it is worth something without it.
  const [draft] = useState(() => recall<string>(`draft.${id}`));
  useEffect(() => () => keep(`draft.${id}`, null), [id]);
  const list = (
    <ButtonLink to="/sessions" look={draft === null ? "primary" : "plain"}>
      All sessions
    </ButtonLink>
  );
  if (title === undefined)
    return (
      <Page title="Session">
        <ErrorState error={error} />
        {list}
      </Page>
    );
  return (
    <Page title="Session">
      <div role="alert">
        <EmptyState
          title="This session was removed"
          actions={
            <>
              {draft !== null && (
                <ButtonLink to="/new" search={{ prompt: draft }} look="primary">
                  Use it for a new task
                </ButtonLink>
              )}
              {list}
            </>
          }
        >
          <p>
            “<Words text={title} />” is gone with its log and its outcome. A pull request that it opened
            stays.
          </p>
          {draft !== null && (
            <section className="mt-4" aria-label="What you were writing">
              <h3 className="mb-1 font-medium text-xs">What you were writing</h3>
              <div className="max-h-60 overflow-auto rounded-md border border-n6 bg-n3 px-3 py-2.5 text-n12">
                <Prose text={draft} />
              </div>
            </section>
          )}
        </EmptyState>
      </div>
    </Page>
  );
}
