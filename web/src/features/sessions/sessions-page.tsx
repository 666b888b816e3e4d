/** All sessions: filters that live in the address, search, pages that follow one another. Layer: feature. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useEffect, useRef } from "react";
import { asApiError } from "@/api/errors";
import { sessionsQuery } from "@/api/queries";
import { Page } from "@/components/page";
import { Button, ButtonLink } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState, StaleNote } from "@/components/ui/states";
import { count } from "@/lib/format";
import { Filters } from "./components/filters";
import { SessionRow } from "./components/session-row";

/** The page. */
export function SessionsPage() {
  const filter = useSearch({ from: "/sessions" });
  const navigate = useNavigate();
  const query = useInfiniteQuery(sessionsQuery(filter));
  const sessions = query.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = Object.keys(filter).length > 0;
  return (
    <Page
      title="Sessions"
      line={
        query.data === undefined
          ? "Loading…"
          : `${count(sessions.length, "session")}${query.hasNextPage ? ", and older ones" : ""}${filtered ? (sessions.length === 1 ? " matches" : " match") : ""}`
      }
    >
      <Filters
        filter={filter}
        onChange={(change) =>
          void navigate({ to: "/sessions", search: kept({ ...filter, ...change }), replace: true })
        }
      />
      {query.data !== undefined && query.isError && (
        <StaleNote error={asApiError(query.error)} onRetry={() => void query.refetch()} />
      )}
      {query.data === undefined ? (
        query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} busy={query.isFetching} />
        ) : (
          <RowsSkeleton rows={12} label="Loading the sessions" />
        )
      ) : sessions.length === 0 ? (
        <Empty filtered={filtered} onClear={() => void navigate({ to: "/sessions", search: {} })} />
      ) : (
        <ul>
          {sessions.map((session) => (
            <SessionRow key={session.id} session={session} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <More busy={query.isFetchingNextPage} onWanted={() => void query.fetchNextPage()} />
      )}
    </Page>
  );
}

function kept(filter: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(filter).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}

function Empty({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  if (filtered) {
    return (
      <EmptyState title="No session matches" actions={<Button onClick={onClear}>Clear the filters</Button>}>
        Search looks at titles, prompts and ids.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title="No session yet"
      actions={
        <ButtonLink to="/new" look="primary">
          <Icon of={Plus} />
          New task
        </ButtonLink>
      }
    >
      Every task becomes a session: what was asked, all that happened, and its outcome.
    </EmptyState>
  );
}

/** The next page comes when its place comes into sight; the button is for keyboards. */
function More({ busy, onWanted }: { busy: boolean; onWanted: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const wanted = useRef(onWanted);
  wanted.current = onWanted;
  useEffect(() => {
    if (busy || place.current === null || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && wanted.current(),
      { rootMargin: "400px" },
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [busy]);
  return (
    <div ref={place} className="py-4">
      <Button onClick={onWanted} busy={busy}>
        Load older sessions
      </Button>
    </div>
  );
}
