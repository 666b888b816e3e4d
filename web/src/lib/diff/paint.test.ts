import { expect, test, vi } from "vitest";
import { pieces } from "@/components/prose/highlight";
import { languageOf, Paint, partsOf, spansOf } from "./paint";
import type { DiffFile, DiffLine } from "./wire";

const file = (path: string, lines: DiffLine[], start = 1): DiffFile =>
  ({ path, hunks: [{ oldStart: start, newStart: start, heading: "", lines }] }) as unknown as DiffFile;

const line = (kind: DiffLine["kind"], text: string): DiffLine => ({ kind, text });

test("pieces become spans of lines", () => {
  expect(
    spansOf([
      { text: "a ", scope: "" },
      { text: '"x\ny"', scope: "string" },
      { text: "\nb", scope: "" },
    ]),
  ).toEqual([[{ from: 2, to: 4, scope: "string" }], [{ from: 0, to: 2, scope: "string" }], []]);
});

test("what goes over several lines is known for what it is, on each side by itself", () => {
  const change = file("a.ts", [
    line("context", "/* one"),
    line("removed", "for */ const x"),
    line("added", "for the rest */ let y"),
  ]);
  const paint = new Paint(pieces);
  const said = (side: "old" | "new", number: number, text: string) =>
    paint
      .spans(change, 0, side, number, text)
      .map(({ from, to, scope }) => `${scope}:${text.slice(from, to)}`);
  expect(said("old", 2, "for */ const x")).toEqual(["comment:for */", "keyword:const"]);
  expect(said("new", 2, "for the rest */ let y")).toEqual(["comment:for the rest */", "keyword:let"]);
  // An opened line is none of the hunk's.
  expect(said("new", 40, "const z")).toEqual(["keyword:const"]);
});

test("a long change is read block by block, once, when it is looked at", () => {
  const read = vi.fn(() => []);
  const paint = new Paint(read);
  const change = file(
    "a.py",
    Array.from({ length: 1_000 }, (_, at) => line("added", `line ${at}`)),
  );
  for (let round = 0; round < 3; round += 1) paint.spans(change, 0, "new", 500, "line 499");
  expect(read).toHaveBeenCalledTimes(1);
  paint.spans(change, 0, "new", 1, "line 0");
  expect(read).toHaveBeenCalledTimes(2);
  expect(paint.spans(change, 0, "new", 1, "x".repeat(5_000))).toEqual([]);
});

test("a language is known by the file's name; what is not known has no colours", () => {
  expect(["src/a.rs", "Dockerfile", "Cargo.lock", "LICENSE"].map(languageOf)).toEqual([
    "rs",
    "bash",
    "ini",
    "",
  ]);
  expect(new Paint(pieces).spans(file("x.unknown", []), 0, "new", 1, "for")).toEqual([]);
});

test("changed words lie over colours, and no character is cut", () => {
  const text = "let 😀 = 1";
  const parts = partsOf(
    text,
    [
      { from: 0, to: 3, scope: "keyword" },
      { from: 9, to: 10, scope: "number" },
    ],
    [{ from: 2, to: 5 }],
  );
  expect(parts).toEqual([
    { text: "le", scope: "keyword", marked: false },
    { text: "t", scope: "", marked: true },
    { text: " 😀 = ", scope: "", marked: false },
    { text: "1", scope: "number", marked: false },
  ]);
  expect(partsOf("let x", [{ from: 0, to: 3, scope: "keyword" }], [{ from: 1, to: 5 }])).toEqual([
    { text: "l", scope: "keyword", marked: false },
    { text: "et x", scope: "", marked: true },
  ]);
});
