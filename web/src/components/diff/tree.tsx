/** The tree of a diff's files. Layer: components. */
import { Folder } from "lucide-react";
import { Icon } from "@/components/ui/icon";
import { cx } from "@/lib/classes";
import { type TreeNode, treeOf } from "@/lib/diff/tree";
import type { DiffFile } from "@/lib/diff/wire";
import { shownOnOneLine } from "@/lib/text/harmless";

const MOST = 1_000;

/** The tree. */
export function FileTree({
  files,
  current,
  onGo,
}: {
  files: readonly DiffFile[];
  current: number;
  onGo: (file: number) => void;
}) {
  const nodes = treeOf(files.slice(0, MOST));
  return (
    <>
      <Nodes nodes={nodes} files={files} current={current} onGo={onGo} />
      {files.length > MOST && <p className="px-3 text-n10 text-xs">and {files.length - MOST} more files</p>}
    </>
  );
}

function Nodes({
  nodes,
  files,
  current,
  onGo,
}: {
  nodes: TreeNode[];
  files: readonly DiffFile[];
  current: number;
  onGo: (file: number) => void;
}) {
  return (
    <ul className="[ul_&]:pl-3">
      {nodes.map((node) => {
        if (node.type === "folder")
          return (
            <li key={node.path}>
              <span className="flex h-6 items-center gap-1.5 px-2 text-n10 text-xs">
                <Icon of={Folder} className="size-3.5" />
                <span className="truncate" dir="ltr" title={shownOnOneLine(node.path)}>
                  {shownOnOneLine(node.name)}
                </span>
              </span>
              <Nodes nodes={node.children} files={files} current={current} onGo={onGo} />
            </li>
          );
        const file = files[node.file];
        return (
          <li key={node.file}>
            <button
              type="button"
              onClick={() => onGo(node.file)}
              aria-current={node.file === current}
              className={cx(
                "flex h-6 w-full items-center gap-2 rounded-sm px-2 text-left text-xs hover:bg-n3",
                node.file === current && "bg-n3 font-medium",
              )}
            >
              <span className="min-w-0 flex-1 truncate" dir="ltr" title={shownOnOneLine(node.name)}>
                {shownOnOneLine(node.name)}
              </span>
              {file && <span className="tabular shrink-0 text-n10">{file.additions + file.deletions}</span>}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
