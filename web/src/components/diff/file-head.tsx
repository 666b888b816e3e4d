/** The head of a file in a diff. Layer: components. */
import { ChevronDown, ChevronRight } from "lucide-react";
import { ChangeSize } from "@/components/status";
import { Icon } from "@/components/ui/icon";
import type { Fold } from "@/lib/diff/generated";
import type { DiffFile } from "@/lib/diff/wire";
import { deceives, shownOnOneLine } from "@/lib/text/harmless";

const folds: Record<Fold, string> = { lock: "lock file", generated: "generated", long: "long" };

/** The head; `hidden` is its copy that stays on top while the file is scrolled. */
export function FileHead({
  file,
  fold,
  open,
  viewed,
  hidden,
  onToggle,
  onViewed,
}: {
  file: DiffFile;
  fold: Fold | null;
  open: boolean;
  viewed: boolean;
  hidden: boolean;
  onToggle: () => void;
  onViewed: (now: boolean) => void;
}) {
  const path = shownOnOneLine(file.path);
  const warns = file.hunks.some((hunk) =>
    hunk.lines.some((line) => line.kind === "added" && deceives(line.text.slice(0, 2000))),
  );
  return (
    <div className="flex h-9 items-center gap-2 border-n5 border-y bg-n2 px-2">
      <button
        type="button"
        className="flex min-w-0 flex-1 items-center gap-1.5 text-left"
        aria-expanded={open}
        tabIndex={hidden ? -1 : 0}
        onClick={onToggle}
      >
        <Icon of={open ? ChevronDown : ChevronRight} className="text-n10" />
        <span className="truncate font-mono text-xs" dir="ltr" title={path}>
          {file.oldPath !== null && file.oldPath !== file.path && (
            <span className="text-n10">{shownOnOneLine(file.oldPath)} → </span>
          )}
          {path}
        </span>
      </button>
      {warns && <span className="shrink-0 font-medium text-wait text-xs">hidden characters</span>}
      {fold && <span className="shrink-0 text-n10 text-xs">{folds[fold]}</span>}
      {file.change !== "modified" && <span className="shrink-0 text-n11 text-xs">{file.change}</span>}
      <ChangeSize stat={file} />
      <label className="flex shrink-0 items-center gap-1.5 text-n11 text-xs">
        <input
          type="checkbox"
          checked={viewed}
          tabIndex={hidden ? -1 : 0}
          onChange={(event) => onViewed(event.target.checked)}
          className="accent-accent"
        />
        Viewed
      </label>
    </div>
  );
}
