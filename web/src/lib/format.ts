/** How numbers, times and sizes read. Pure. Layer: lib. */
import { shownOnOneLine } from "./text/harmless";

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "narrow" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });
const number = new Intl.NumberFormat("en");

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `2m ago`, `in 5m`, `just now`; older than four weeks: the date. */
export function ago(then: string | number | Date, now: number = Date.now()): string {
  const seconds = (new Date(then).getTime() - now) / 1000;
  const size = Math.abs(seconds);
  if (Number.isNaN(seconds)) return "";
  if (size < 10) return "just now";
  if (size < MINUTE) return relative.format(Math.round(seconds), "second");
  if (size < HOUR) return relative.format(Math.round(seconds / MINUTE), "minute");
  if (size < DAY) return relative.format(Math.round(seconds / HOUR), "hour");
  if (size < 28 * DAY) return relative.format(Math.round(seconds / DAY), "day");
  return new Intl.DateTimeFormat("en", { dateStyle: "medium" }).format(new Date(then));
}

/** The exact time, in the reader's zone. */
export function exactTime(time: string | number | Date): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "" : exact.format(date);
}

/** `420ms`, `7.4s`, `3m 12s`, `2h 5m`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)}ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < MINUTE) return `${whole}s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m ${whole % MINUTE}s`;
  return `${Math.floor(whole / HOUR)}h ${Math.floor((whole % HOUR) / MINUTE)}m`;
}

/** A length that somebody set: `60 seconds`, `30 minutes`, `2 hours`. */
export function span(seconds: number): string {
  if (seconds >= HOUR && seconds % HOUR === 0) return count(seconds / HOUR, "hour");
  if (seconds > MINUTE && seconds % MINUTE === 0) return count(seconds / MINUTE, "minute");
  return count(seconds, "second");
}

/** `$1.20`; what is less than a cent but not nothing: `<$0.01`. */
export function money(dollars: number): string {
  if (dollars > 0 && dollars < 0.01) return "<$0.01";
  return `$${dollars.toFixed(2)}`;
}

/** `1.2 GB`, by thousands. */
export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = size;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** `1,204`. */
export function whole(value: number): string {
  return number.format(value);
}

/** `12.3k` and the like, for places where the exact number does not matter. */
export function short(value: number): string {
  if (value < 1000) return String(value);
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/** Begins with a capital, as sentences do; names in code and commands keep their case. */
export function sentence(text: string): string {
  if (/^(telecoder|git|gh|cargo|npm) [a-z-]/.test(text)) return text;
  return /^\p{Ll}+(\s|,|$)/u.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** `1 file`, `3 files`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${number.format(value)} ${value === 1 ? one : many}`;
}

/** The last parts of a repository's name, harmless: a path's folder, `owner/name` of an address. */
export function repositoryName(repo: string): string {
  return shownOnOneLine(lastParts(repo));
}

function lastParts(repo: string): string {
  const bare = repo.replace(/\.git$/, "").replace(/\/+$/, "");
  if (bare.startsWith("/")) return bare.slice(bare.lastIndexOf("/") + 1) || bare;
  const parts = bare
    .replace(/^[a-z]+:\/\//, "")
    .replace(/^[^@/]+@[^:/]+:/, "")
    .split("/");
  return parts.slice(-2).join("/");
}
