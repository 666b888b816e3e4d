/** Keys. A page says what it binds; `?` and the palette list it. Layer: lib.
 *
 *  A shortcut is a key (`c`), two keys one after the other (`g i`), or a key with the platform's modifier (`mod+k`). Plain
 *  keys are left alone while somebody types or a dialog is open; the binding that was made last wins. */
import { useEffect, useRef, useSyncExternalStore } from "react";

export interface Shortcut {
  keys: string;
  /** What it does, as a verb. */
  does: string;
  /** The heading under which `?` lists it. */
  group: string;
  run: () => void;
  /** Also works while somebody types. */
  always?: boolean;
}

const SECOND_KEY = 1200;

let bound: Shortcut[] = [];
const listeners = new Set<() => void>();
let first: { key: string; at: number } | null = null;

function tell(): void {
  for (const listener of listeners) listener();
}

/** Binds keys as long as the component is there. */
export function useShortcuts(shortcuts: Shortcut[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const shape = shortcuts.map((shortcut) => `${shortcut.keys}|${shortcut.does}|${shortcut.group}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the shape stands for the list; `latest` holds what runs now.
  useEffect(() => {
    const mine = latest.current.map((shortcut, index) => ({
      ...shortcut,
      run: () => latest.current[index]?.run(),
    }));
    bound = [...bound, ...mine];
    tell();
    return () => {
      bound = bound.filter((shortcut) => !mine.includes(shortcut));
      tell();
    };
  }, [shape]);
}

/** Every key that is bound now, later ones last. */
export function useBoundShortcuts(): Shortcut[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => bound,
  );
}

/** Listens to keys; the frame calls it once. */
export function useKeyboard(): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const shortcut = match(event);
      if (shortcut === undefined) return;
      event.preventDefault();
      shortcut.run();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
}

function match(event: KeyboardEvent): Shortcut | undefined {
  if (event.defaultPrevented || event.isComposing || event.altKey) return undefined;
  const mod = event.metaKey || event.ctrlKey;
  const busy =
    isTyping(event.target) ||
    document.querySelector('[role="dialog"], [role="menu"], [role="listbox"]') !== null;
  const find = (keys: string) =>
    bound.findLast((shortcut) => shortcut.keys === keys && (shortcut.always || !busy));
  if (mod) return find(`mod+${event.key.toLowerCase()}`);
  const before = first !== null && event.timeStamp - first.at < SECOND_KEY ? first.key : null;
  first = null;
  const second = before === null ? undefined : find(`${before} ${event.key}`);
  if (second !== undefined) return second;
  if (!busy && bound.some((shortcut) => shortcut.keys.startsWith(`${event.key} `))) {
    first = { key: event.key, at: event.timeStamp };
  }
  return find(event.key);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** Moves the focus to the next (1) or previous (-1) row; rows are links or buttons marked with `data-row`. */
export function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main [data-row]")];
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const next =
    here === -1 ? (step === 1 ? 0 : rows.length - 1) : Math.min(Math.max(here + step, 0), rows.length - 1);
  const row = rows[next];
  row?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

/** A key as people read it: `⌘K` on a Mac, `Ctrl K` elsewhere. */
export function shownKeys(keys: string): string[] {
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  return keys.split(" ").map((part) => {
    if (!part.startsWith("mod+"))
      return part.length === 1 ? part : part.charAt(0).toUpperCase() + part.slice(1);
    const name = part.slice(4);
    const key = name.charAt(0).toUpperCase() + name.slice(1);
    return mac ? `⌘${key}` : `Ctrl ${key}`;
  });
}
