import { expect, test } from "vitest";
import { ago, bytes, count, duration, money, repositoryName, sentence, short, span } from "./format";

test("times are relative to now", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  const cases: [string, string][] = [
    ["2026-11-21T11:59:55Z", "just now"],
    ["2026-11-21T11:59:20Z", "40s ago"],
    ["2026-11-21T11:15:00Z", "45m ago"],
    ["2026-11-21T09:00:00Z", "3h ago"],
    ["2026-11-20T12:00:00Z", "yesterday"],
    ["2026-09-01T12:00:00Z", "Sep 1, 2026"],
    ["2026-11-21T12:05:00Z", "in 5m"],
    ["nonsense", ""],
  ];
  expect(cases.map(([then]) => ago(then, now))).toEqual(cases.map(([, words]) => words));
});

test("durations, sizes and money read as people write them", () => {
  expect([12, 7400, 59_700, 192_000, 7_500_000].map(duration)).toEqual([
    "12ms",
    "7.4s",
    "1m 0s",
    "3m 12s",
    "2h 5m",
  ]);
  expect([60, 90, 180, 1800, 7200].map(span)).toEqual([
    "60 seconds",
    "90 seconds",
    "3 minutes",
    "30 minutes",
    "2 hours",
  ]);
  expect([0, 999, 1000, 282_000_000, 2_147_483_648].map(bytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "282 MB",
    "2.1 GB",
  ]);
  expect([0, 0.004, 1.2].map(money)).toEqual(["$0.00", "<$0.01", "$1.20"]);
  expect([1, 2, 1204].map((value) => count(value, "file"))).toEqual(["1 file", "2 files", "1,204 files"]);
  expect([999, 12_345].map(short)).toEqual(["999", "12.3K"]);
});

test("sentences begin with a capital, commands and names do not", () => {
  const cases: [string, string][] = [
    ["no agent is installed", "No agent is installed"],
    ["telecoder agents install goose (about 282 MB)", "telecoder agents install goose (about 282 MB)"],
    ["gh auth login", "gh auth login"],
    ["calc.py adds", "calc.py adds"],
  ];
  expect(cases.map(([text]) => sentence(text))).toEqual(cases.map(([, words]) => words));
});

test("a repository is known by the end of its name", () => {
  const cases: [string, string][] = [
    ["acme/api", "acme/api"],
    ["/home/me/project/", "project"],
    ["https://github.com/acme/api.git", "acme/api"],
    ["git@github.com:acme/api.git", "acme/api"],
    ["/home/me/gro.\u202egit", "gro.⟦U+202E⟧git"],
  ];
  expect(cases.map(([repo]) => repositoryName(repo))).toEqual(cases.map(([, name]) => name));
});
