/** The tree of a diff's files (layer: lib, pure). Invariants: folders stand before files, both by name; a folder that holds
 *  nothing but one folder is joined with it; each file stands in it once. */
import type { DiffFile } from "./wire";

export interface TreeFolder {
  type: "folder";
  /** What is shown: `src/app` where `src` holds nothing else. */
  name: string;
  path: string;
  additions: number;
  deletions: number;
  children: TreeNode[];
}

export interface TreeFile {
  type: "file";
  name: string;
  /** Its place in the list that the tree was made of. */
  file: number;
}

export type TreeNode = TreeFolder | TreeFile;

/** The tree of these files. */
export function treeOf(files: readonly DiffFile[]): TreeNode[] {
  const root = folder("", "");
  files.forEach((file, index) => {
    const parts = file.path.split("/");
    const name = parts.pop() ?? file.path;
    let at = root;
    for (const part of parts) {
      const path = at.path === "" ? part : `${at.path}/${part}`;
      at = childFolder(at, part, path);
      at.additions += file.additions;
      at.deletions += file.deletions;
    }
    at.children.push({ type: "file", name, file: index });
  });
  sort(root);
  return root.children.map(joined);
}

/** The files in the order in which the tree shows them. */
export function inTreeOrder(files: readonly DiffFile[]): DiffFile[] {
  const ordered: DiffFile[] = [];
  const walk = (nodes: TreeNode[]) => {
    for (const node of nodes) {
      if (node.type === "folder") walk(node.children);
      else {
        const file = files[node.file];
        if (file) ordered.push(file);
      }
    }
  };
  walk(treeOf(files));
  return ordered;
}

const folders = new WeakMap<TreeFolder, Map<string, TreeFolder>>();

function folder(name: string, path: string): TreeFolder {
  return { type: "folder", name, path, additions: 0, deletions: 0, children: [] };
}

function childFolder(parent: TreeFolder, name: string, path: string): TreeFolder {
  let known = folders.get(parent);
  if (!known) {
    known = new Map();
    folders.set(parent, known);
  }
  let child = known.get(name);
  if (!child) {
    child = folder(name, path);
    known.set(name, child);
    parent.children.push(child);
  }
  return child;
}

function sort(node: TreeFolder): void {
  node.children.sort((a, b) => {
    if (a.type !== b.type) return a.type === "folder" ? -1 : 1;
    return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  });
  for (const child of node.children) if (child.type === "folder") sort(child);
}

function joined(node: TreeNode): TreeNode {
  if (node.type === "file") return node;
  let at = node;
  let name = node.name;
  let only = at.children[0];
  while (at.children.length === 1 && only?.type === "folder") {
    at = only;
    name = `${name}/${at.name}`;
    only = at.children[0];
  }
  return { ...at, name, children: at.children.map(joined) };
}
