/** How a session stands, as a mark and a word. Colour is never the only sign. Layer: components. */
import {
  CircleCheck,
  CircleDashed,
  CircleDot,
  CirclePause,
  CircleStop,
  CircleX,
  Hand,
  type LucideIcon,
} from "lucide-react";
import type { Wire } from "@/api/client";
import { cx } from "@/lib/classes";
import { Icon } from "./ui/icon";

export type Status = Wire<"Status">;

interface Look {
  word: string;
  icon: LucideIcon;
  color: string;
  moves?: true;
}

const looks: Record<Status, Look> = {
  pending: { word: "Queued", icon: CircleDashed, color: "text-n10" },
  preparing: { word: "Preparing", icon: CircleDot, color: "text-accent-text", moves: true },
  running: { word: "Running", icon: CircleDot, color: "text-accent-text", moves: true },
  waiting: { word: "Waiting for you", icon: Hand, color: "text-wait" },
  idle: { word: "Idle", icon: CirclePause, color: "text-n11" },
  hibernated: { word: "Asleep", icon: CirclePause, color: "text-n10" },
  complete: { word: "Done", icon: CircleCheck, color: "text-done" },
  error: { word: "Failed", icon: CircleX, color: "text-fail" },
  stopped: { word: "Stopped", icon: CircleStop, color: "text-n11" },
};

/** The word for a status. */
export const statusWord = (status: Status): string => looks[status].word;

/** Whether a session still works, or may go on by itself. */
export function isActive(status: Status): boolean {
  return status === "pending" || status === "preparing" || status === "running" || status === "waiting";
}

/** The mark of a status; with its word unless `bare`, then the word is for screen readers. */
export function StatusMark({
  status,
  bare = false,
  className,
}: {
  status: Status;
  bare?: boolean;
  className?: string;
}) {
  const look = looks[status];
  return (
    <span className={cx("inline-flex items-center gap-1.5", className)} title={bare ? look.word : undefined}>
      <Icon of={look.icon} className={cx(look.color, look.moves && "motion-safe:animate-breathe")} />
      <span className={bare ? "sr-only" : cx("font-medium text-xs", look.color)}>{look.word}</span>
    </span>
  );
}

/** Lines added and removed. */
export function ChangeSize({ stat }: { stat: { additions: number; deletions: number; files?: number } }) {
  return (
    <span className="tabular inline-flex gap-1.5 text-xs">
      <span className="text-diff-add-text">
        <span className="sr-only">lines added: </span>+{stat.additions}
      </span>
      <span className="text-diff-del-text">
        <span className="sr-only">lines removed: </span>−{stat.deletions}
      </span>
    </span>
  );
}
