import { describe, expect, it } from "vitest";
import { deceives, shown, shownOnOneLine } from "./harmless";

describe("shown", () => {
  it.each([
    ["plain text", "Grüße, 你好, عربى, 👨‍👩‍👧", "Grüße, 你好, عربى, 👨‍👩‍👧"],
    ["markup is text", "<script>alert(1)</script>", "<script>alert(1)</script>"],
    ["colours", "\u001b[1;31mred\u001b[0m", "red"],
    ["cursor and screen", "a\u001b[2J\u001b[10;10Hb", "ab"],
    ["a window title", "a\u001b]0;owned\u0007b", "ab"],
    ["a terminal link keeps its words", "\u001b]8;;https://x.test\u001b\\words\u001b]8;;\u001b\\", "words"],
    ["a device string", "a\u001bP1$r0m\u001b\\b", "ab"],
    ["an unfinished string hides nothing", "a\u001b]0;rest of the log", "a␛]0;rest of the log"],
    ["an unfinished sequence hides nothing", "a\u001b[12", "a␛[12"],
    ["a reset", "a\u001bcb", "ab"],
    ["an eight bit sequence", "a\u009b31mb", "ab"],
    ["control characters", "a\u0000b\u0007c\u0008d\u007f", "a␀b␇c␈d␡"],
    ["line ends", "a\r\nb\rc\u2028d", "a\nb\nc\nd"],
    ["tabs stay", "a\tb", "a\tb"],
    ["reversing marks", "user\u202e\u2066gpj.exe", "user⟦U+202E⟧⟦U+2066⟧gpj.exe"],
    ["what has no width", "pass\u200bword\ufeff", "pass⟦U+200B⟧word⟦U+FEFF⟧"],
    ["hidden tags", "a\u{e0041}b", "a⟦U+E0041⟧b"],
    ["half a character", "a\ud83db", "a\ufffdb"],
    ["broken UTF-8 as the server tells it", "caf\ufffd", "caf\ufffd"],
  ])("%s", (_, text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it("takes no longer than its text", () => {
    const began = performance.now();
    for (const piece of ["\u001b[", "\u001b]", "\u001b[1;", "\u001bP", "a", "\u202e", "\u001b"]) {
      shown(piece.repeat(200_000));
    }
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

it("a name stays on one line", () => {
  expect(shownOnOneLine("a\nb\tc\u202e.ts")).toBe("a ⏎ b c⟦U+202E⟧.ts");
});

it("warns of text that deceives", () => {
  expect(deceives("if (admin\u202e)")).toBe(true);
  expect(deceives("عربى 👨‍👩‍👧 café")).toBe(false);
});
