/** What this browser keeps: drafts and choices, never a secret. A browser that keeps nothing works too. Layer: lib. */
import { useCallback, useEffect, useRef, useState } from "react";

/** Reads what was kept; `null` where there is nothing, or it cannot be read. */
export function recall<Value>(key: string): Value | null {
  try {
    const text = localStorage.getItem(`telecoder.${key}`);
    return text === null ? null : (JSON.parse(text) as Value);
  } catch {
    return null;
  }
}

/** Keeps a value; `null` forgets it. */
export function keep(key: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(`telecoder.${key}`);
    else localStorage.setItem(`telecoder.${key}`, JSON.stringify(value));
  } catch {
    // Full, or not allowed: the page works without.
  }
}

/** State that survives a reload. `null` in `set` goes back to the initial value and forgets. */
export function useKept<Value>(key: string, initial: Value): [Value, (next: Value | null) => void] {
  const [value, setValue] = useState<Value>(() => recall<Value>(key) ?? initial);
  const first = useRef(initial);
  const known = useRef(key);
  useEffect(() => {
    if (known.current === key) return;
    known.current = key;
    setValue(recall<Value>(key) ?? first.current);
  }, [key]);
  const set = useCallback(
    (next: Value | null) => {
      keep(key, next);
      setValue(next ?? first.current);
    },
    [key],
  );
  return [value, set];
}
