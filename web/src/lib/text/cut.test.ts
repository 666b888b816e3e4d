import { expect, it } from "vitest";
import { cut, lastLines, linesOf } from "./cut";

it("cuts between characters and counts the rest", () => {
  expect(cut("short")).toEqual({ text: "short", rest: 0 });
  expect(cut("x".repeat(1_000_000))).toEqual({ text: "x".repeat(2_000), rest: 998_000 });
  expect(cut("ab👍cd", 3)).toEqual({ text: "ab", rest: 4 });
});

it("finds the last lines", () => {
  expect(lastLines("", 3)).toEqual({ lines: [], before: 0 });
  expect(lastLines("a\nb\n", 3)).toEqual({ lines: ["a", "b"], before: 0 });
  expect(lastLines("a\nb\nc\nd\n\n", 2)).toEqual({ lines: ["c", "d"], before: 2 });
  expect(lastLines("\n\na", 1)).toEqual({ lines: ["a"], before: 2 });
  expect(lastLines("\na", 5)).toEqual({ lines: ["", "a"], before: 0 });
});

it("takes a text apart into lines", () => {
  expect(linesOf("")).toEqual([]);
  expect(linesOf("a\n\nb\n")).toEqual(["a", "", "b"]);
});
