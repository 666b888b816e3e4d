/** What a view shows when it has nothing, may not, or could not. Layer: components. */
import type { UseQueryResult } from "@tanstack/react-query";
import { CloudOff, Lock, RotateCcw, SearchX, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { type ApiError, asApiError } from "@/api/errors";
import { Words } from "@/components/words";
import { cx } from "@/lib/classes";
import { Button } from "./button";
import { Icon } from "./icon";

/** A quiet place with words and a next step. */
export function EmptyState({
  title,
  children,
  actions,
}: {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className="max-w-140 py-8">
      <h2 className="font-semibold text-base">{title}</h2>
      {children !== undefined && <div className="mt-1 text-n11 text-sm">{children}</div>}
      {actions !== undefined && <div className="mt-4 flex flex-wrap gap-2">{actions}</div>}
    </div>
  );
}

/** An error with its reason, its remedy, and another try. */
export function ErrorState({
  error,
  onRetry,
  busy,
}: {
  error: unknown;
  onRetry?: (() => void) | undefined;
  busy?: boolean;
}) {
  const { status, message, hint, requestId } = asApiError(error);
  const look = status === 403 ? Lock : status === 404 ? SearchX : status === 0 ? CloudOff : TriangleAlert;
  return (
    <div className="flex max-w-160 gap-3 py-6" role="alert">
      <Icon of={look} className={cx("mt-0.5", status === 403 || status === 404 ? "text-n10" : "text-fail")} />
      <div className="min-w-0">
        <h2 className="font-semibold text-base">
          <Words text={message} />
        </h2>
        {hint !== undefined && (
          <p className="mt-1 text-n11 text-sm">
            <Words text={hint} />
          </p>
        )}
        {requestId !== undefined && status >= 500 && (
          <p className="mt-1 text-n10 text-xs">
            In the server's log: <code>{requestId}</code>
          </p>
        )}
        {onRetry && status !== 403 && (
          <Button className="mt-3" onClick={onRetry} busy={busy ?? false}>
            <Icon of={RotateCcw} />
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

/** An error in words, with its remedy, beside what it is about. */
export function ErrorNote({ error, look, words }: { error: unknown; look: string; words: string }) {
  const { message, hint } = asApiError(error);
  return (
    <div role="alert" className={look}>
      <p className={words}>
        <Words text={message} />
      </p>
      {hint !== undefined && (
        <p className="text-n11">
          <Words text={hint} />
        </p>
      )}
    </div>
  );
}

/** Says that what is shown may be old. */
export function StaleNote({ error, onRetry }: { error: ApiError; onRetry: () => void }) {
  return (
    <div
      className="mb-3 flex flex-wrap items-center gap-2 border-wait border-l-2 bg-wait-soft px-3 py-1.5 text-sm"
      role="status"
    >
      <span className="min-w-0 flex-1">{error.message}. What you see is the last that was known.</span>
      <Button size="small" look="quiet" onClick={onRetry}>
        Try again
      </Button>
    </div>
  );
}

/** A query in all its states: to come, failed, live, stale. `children` draws what was loaded. */
export function QueryView<Data>({
  query,
  skeleton,
  children,
}: {
  query: UseQueryResult<Data>;
  skeleton: ReactNode;
  children: (value: Data) => ReactNode;
}) {
  const again = () => void query.refetch();
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <StaleNote error={asApiError(query.error)} onRetry={again} />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <ErrorState error={query.error} onRetry={again} busy={query.isFetching} />;
  return skeleton;
}
