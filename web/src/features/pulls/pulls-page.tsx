/** The local pull requests. Layer: feature. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Wire } from "@/api/client";
import { asApiError } from "@/api/errors";
import { Page } from "@/components/page";
import { Ago } from "@/components/time";
import { Button } from "@/components/ui/button";
import { SelectField } from "@/components/ui/field";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState, StaleNote } from "@/components/ui/states";
import { Words } from "@/components/words";
import { repositoryName } from "@/lib/format";
import { shownOnOneLine } from "@/lib/text/harmless";
import { pullsQuery } from "./api/pulls";
import { PullStateMark } from "./components/pull-state";

const states = { "": "All", "draft,open": "Open", merged: "Merged", closed: "Closed" };

/** The page. */
export function PullsPage() {
  const [state, setState] = useState("");
  const pulls = useInfiniteQuery(pullsQuery(state));
  const rows = pulls.data?.pages.flatMap((page) => page.items);
  const again = () => void pulls.refetch();
  return (
    <Page
      title="Pull requests"
      line="Those that sessions opened on this server. What goes to a forge is reviewed there."
      actions={
        <SelectField label="State" quiet value={state} onChange={(event) => setState(event.target.value)}>
          {Object.entries(states).map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </SelectField>
      }
    >
      {rows === undefined && pulls.isError && (
        <ErrorState error={pulls.error} onRetry={again} busy={pulls.isFetching} />
      )}
      {rows === undefined && !pulls.isError && <RowsSkeleton label="Loading the pull requests" />}
      {rows !== undefined && pulls.isError && <StaleNote error={asApiError(pulls.error)} onRetry={again} />}
      {rows?.length === 0 &&
        (state === "" ? (
          <EmptyState title="No pull request yet">
            A session on a local repository ends with one. It can be read, merged and closed here.
          </EmptyState>
        ) : (
          <EmptyState
            title="None in this state"
            actions={<Button onClick={() => setState("")}>Show all</Button>}
          />
        ))}
      <ul>
        {rows?.map((pull) => (
          <Row key={pull.number} pull={pull} />
        ))}
      </ul>
      {pulls.hasNextPage && (
        <Button className="mt-3" busy={pulls.isFetchingNextPage} onClick={() => void pulls.fetchNextPage()}>
          Show more
        </Button>
      )}
    </Page>
  );
}

function Row({ pull }: { pull: Wire<"Pull"> }) {
  return (
    <li className="relative flex min-h-11 flex-wrap items-center gap-x-3 gap-y-0.5 border-n5 border-b py-2 hover:bg-n2 md:min-h-9 md:flex-nowrap md:py-0">
      <span className="flex w-20 shrink-0">
        <PullStateMark state={pull.state} />
      </span>
      <span className="tabular text-n10">#{pull.number}</span>
      <Link
        to="/pulls/$number"
        params={{ number: String(pull.number) }}
        data-row
        className="min-w-0 flex-1 truncate font-medium after:absolute after:inset-0"
      >
        <Words text={pull.title} />
      </Link>
      <span className="flex w-full items-center gap-3 text-n11 text-xs md:w-auto">
        <span className="truncate">{repositoryName(pull.repo)}</span>
        <span className="truncate font-mono" dir="ltr">
          {shownOnOneLine(pull.base)}
        </span>
        <Ago at={pull.updatedAt} className="ml-auto" />
      </span>
    </li>
  );
}
