import { expect, test } from "vitest";
import { safePlace } from "./safe-place";

test("a sign-in leads to places of this site only", () => {
  expect(["/sessions/abc?x=1#y", "/"].map(safePlace)).toEqual(["/sessions/abc?x=1#y", "/"]);
  const foreign = [
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "",
  ];
  expect(foreign.map(safePlace)).toEqual(foreign.map(() => "/"));
  expect(safePlace(undefined)).toBe("/");
});
