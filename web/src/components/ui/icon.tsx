/** Icons: 16 units, thin, silent to screen readers (a word stands beside them, or their button has a name). Layer: components. */
import type { LucideIcon } from "lucide-react";
import { cx } from "@/lib/classes";

/** One icon. */
export function Icon({ of: Shape, className }: { of: LucideIcon; className?: string | undefined }) {
  return (
    <Shape className={cx("size-4 shrink-0", className)} strokeWidth={1.5} aria-hidden focusable={false} />
  );
}
