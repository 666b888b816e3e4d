import { expect, test } from "vitest";
import { foldOf } from "./generated";
import { type Row, rowsOf, stopsOf } from "./rows";
import { textDiff } from "./text-diff";
import { inTreeOrder, treeOf } from "./tree";
import type { DiffFile } from "./wire";
import { marksOf } from "./words";

const before = Array.from({ length: 30 }, (_, at) => `line ${at + 1}`).join("\n");
const after = before
  .replace("line 5", "line five")
  .replace("line 20\n", "")
  .replace("line 28", "line 28\nmore");

function file(path: string, more: Partial<DiffFile> = {}): DiffFile {
  return { ...textDiff(path, "a\n", "b\n"), ...more };
}

const none = new Set<number>();

function drawn(row: Row): string {
  switch (row.type) {
    case "file":
      return `file ${row.file}`;
    case "gap":
      return `gap ${row.hidden}`;
    case "note":
      return row.note;
    case "line":
      return `${row.old ?? ""}|${row.new ?? ""} ${{ context: " ", added: "+", removed: "-" }[row.kind]}${row.text}`;
    case "split":
      return `${row.left ? `${row.left.number} ${row.left.text}` : ""} | ${row.right ? `${row.right.number} ${row.right.text}` : ""}`;
  }
}

test("two texts become hunks as git makes them", () => {
  const diff = textDiff("a.txt", before, after);
  expect([diff.additions, diff.deletions, diff.hunks.length]).toEqual([2, 2, 3]);
  const rows = rowsOf([diff], { layout: "unified", closed: none, folded: none });
  expect(rows.slice(0, 12).map(drawn)).toEqual([
    "file 0",
    "gap 1",
    "2|2  line 2",
    "3|3  line 3",
    "4|4  line 4",
    "5| -line 5",
    "|5 +line five",
    "6|6  line 6",
    "7|7  line 7",
    "8|8  line 8",
    "gap 8",
    "17|17  line 17",
  ]);
  expect(stopsOf(rows)).toEqual({
    files: [0],
    hunks: [2, 11, rows.findLastIndex((row) => row.type === "gap") + 1],
  });
});

test("the diff of two texts gives the second when it is applied", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 16807) % 2147483647;
    return seed % below;
  };
  for (let round = 0; round < 200; round += 1) {
    const old = Array.from({ length: random(30) }, () => `l${random(6)}`);
    const now = old.flatMap((line) =>
      random(5) === 0 ? [] : random(5) === 0 ? [line, `n${random(4)}`] : [line],
    );
    const diff = textDiff(
      "x",
      old.map((line) => `${line}\n`).join(""),
      now.map((line) => `${line}\n`).join(""),
    );
    const made: string[] = [];
    let at = 0;
    for (const hunk of diff.hunks) {
      for (; at < hunk.oldStart - 1; at += 1) made.push(old[at] ?? "?");
      for (const line of hunk.lines) {
        if (line.kind !== "added") {
          expect(line.text).toBe(old[at]);
          at += 1;
        }
        if (line.kind !== "removed") made.push(line.text);
      }
    }
    for (; at < old.length; at += 1) made.push(old[at] ?? "?");
    expect(made).toEqual(now);
  }
});

test("side by side, what was removed stands opposite what came in its place", () => {
  const diff = textDiff("a.txt", "a\nb\nc\n", "a\nB\nC\nD\n");
  const rows = rowsOf([diff], { layout: "split", closed: none, folded: none });
  expect(rows.map(drawn)).toEqual(["file 0", "1 a | 1 a", "2 b | 2 B", "3 c | 3 C", " | 4 D"]);
});

test("an opened gap shows its lines with the numbers of both versions, and the rest can be asked for", () => {
  const text = (middle: string) =>
    Array.from({ length: 30 }, (_, at) => `${at === 19 ? middle : `l${at + 1}`}\n`);
  const old = text("b").join("");
  const now = ["new\n", ...text("B")].join("");
  const diff = textDiff("a.txt", old, now);
  const lines = now.trimEnd().split("\n");
  const at = (layout: "unified" | "split", opened: ReadonlyMap<number, readonly string[]>) =>
    rowsOf([diff], { layout, closed: none, folded: none, opened: (_, hunk) => opened.get(hunk) });
  const gaps = at("unified", new Map()).filter((row) => row.type === "gap");
  expect(gaps).toMatchObject([
    { hunk: 1, hidden: 13, from: 5 },
    { hunk: 2, hidden: null, from: 25 },
  ]);
  const all = new Map([
    [1, lines.slice(4, 17)],
    [2, lines.slice(24)],
  ]);
  const unified = at("unified", all).flatMap((row) =>
    row.type === "line" && row.new ? [[row.new, row.old]] : [],
  );
  expect(unified.map(([number]) => number)).toEqual(lines.map((_, index) => index + 1));
  expect(unified.find(([number]) => number === 5)).toEqual([5, 4]);
  expect(unified.at(-1)).toEqual([31, 30]);
  const split = at("split", all).flatMap((row) =>
    row.type === "split" && row.right ? [row.right.number] : [],
  );
  expect(split).toEqual(lines.map((_, index) => index + 1));
});

test("words that differ are marked, and lines that share nothing are not", () => {
  const marks = marksOf("const total = a - b;", "const total = a + b;");
  expect(marks).toEqual({ old: [{ from: 16, to: 17 }], new: [{ from: 16, to: 17 }] });
  expect(marksOf("alpha beta", "one two three")).toEqual({ old: [], new: [] });
  expect(marksOf("    return round(amount, 2)", "")).toEqual({ old: [], new: [] });
  expect(marksOf("x".repeat(1_000_000), "y")).toEqual({ old: [], new: [] });
});

test("the tree joins lonely folders and puts folders first", () => {
  const files = [file("z.txt"), file("src/deep/er/b.ts"), file("src/deep/er/a.ts"), file("docs/x.md")];
  const names = (nodes: ReturnType<typeof treeOf>): unknown[] =>
    nodes.map((node) => (node.type === "file" ? node.name : [node.name, names(node.children)]));
  expect(names(treeOf(files))).toEqual([["docs", ["x.md"]], ["src/deep/er", ["a.ts", "b.ts"]], "z.txt"]);
  expect(inTreeOrder(files).map((each) => each.path)).toEqual([
    "docs/x.md",
    "src/deep/er/a.ts",
    "src/deep/er/b.ts",
    "z.txt",
  ]);
});

test("locks, what programs wrote and long changes are folded", () => {
  expect(foldOf(file("web/package-lock.json"))).toBe("lock");
  expect(foldOf(file("Cargo.lock"))).toBe("lock");
  expect(foldOf(file("a/schema.generated.ts"))).toBe("generated");
  expect(foldOf(textDiff("x.go", null, "// Code generated by protoc. DO NOT EDIT.\n"))).toBe("generated");
  expect(foldOf(file("a.ts", { additions: 9_999 }))).toBe("long");
  expect(foldOf(file("src/lock.ts"))).toBe(null);
});

test("files without lines say why", () => {
  const note = (more: Partial<DiffFile>) =>
    rowsOf([file("a", { hunks: [], additions: 0, deletions: 0, ...more })], {
      layout: "unified",
      closed: none,
      folded: none,
    })
      .map(drawn)
      .at(-1);
  expect(note({ binary: true })).toBe("binary");
  expect(note({ additions: 5 })).toBe("too_large");
  expect(note({ change: "renamed" })).toBe("moved");
  expect(note({})).toBe("empty");
});
