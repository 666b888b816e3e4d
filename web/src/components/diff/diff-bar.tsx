/** What stands above a diff: how large it is, how it is shown. Layer: components. */
import { Columns2, ListTree, Rows3 } from "lucide-react";
import { ChangeSize } from "@/components/status";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import type { Layout } from "@/lib/diff/rows";
import type { Diff } from "@/lib/diff/wire";
import { count } from "@/lib/format";

/** The bar. */
export function DiffBar({
  stat,
  viewed,
  files,
  layout,
  onLayout,
  tree,
  onTree,
}: {
  stat: Diff["stat"];
  viewed: number;
  files: number;
  layout: Layout;
  /** Absent: there is no room for a choice. */
  onLayout?: (layout: Layout) => void;
  /** Whether the tree is shown; `null`: where there is room. */
  tree: boolean | null;
  onTree: () => void;
}) {
  return (
    <div className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-n5 border-b px-2 py-1 text-n11 text-xs">
      {files > 1 && (
        <Button size="small" look="quiet" onClick={onTree} {...(tree !== null && { "aria-pressed": tree })}>
          <Icon of={ListTree} />
          Files
        </Button>
      )}
      <span className={files > 1 ? "" : "pl-2"}>{count(stat.files, "file")}</span>
      <ChangeSize stat={stat} />
      <span className="tabular hidden @min-[30rem]:inline">
        {viewed} of {files} viewed
      </span>
      {onLayout && (
        <Button
          size="small"
          look="quiet"
          className="ml-auto"
          onClick={() => onLayout(layout === "split" ? "unified" : "split")}
        >
          <Icon of={layout === "split" ? Rows3 : Columns2} />
          {layout === "split" ? "Unified" : "Side by side"}
        </Button>
      )}
    </div>
  );
}
