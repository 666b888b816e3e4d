/** Places for what is still to come, in the shape that it will have. Layer: components. */
import { cx } from "@/lib/classes";

/** One grey bar. */
export function Bar({ className }: { className?: string }) {
  return (
    <span className={cx("block h-3 rounded-sm bg-n4 motion-safe:animate-breathe", className)} aria-hidden />
  );
}

/** Rows of a list that is still to come. */
export function RowsSkeleton({ rows = 6, label = "Loading" }: { rows?: number; label?: string }) {
  return (
    <div role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike.
        <div key={row} className="flex h-11 items-center md:h-9 gap-3 border-n5 border-b px-1">
          <Bar className="size-4 rounded-full" />
          <Bar className={row % 3 === 0 ? "w-2/5" : row % 3 === 1 ? "w-1/2" : "w-1/3"} />
          <Bar className="ml-auto w-14" />
        </div>
      ))}
    </div>
  );
}

/** A page that is still to come. */
export function PageSkeleton() {
  return (
    <div className="px-4 py-5 md:px-6" role="status" aria-label="Loading the page">
      <h1 className="sr-only">Loading</h1>
      <Bar className="mb-6 h-5 w-40" />
      <RowsSkeleton />
    </div>
  );
}
