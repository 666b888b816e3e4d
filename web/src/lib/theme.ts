/** Dark, light, or as the system says. `public/theme.js` applies the same choice before the first paint. Layer: lib. */
import { useEffect, useSyncExternalStore } from "react";

export type Theme = "dark" | "light" | "system";

const KEY = "telecoder.theme";
const listeners = new Set<() => void>();
let chosen: Theme | null = null;

function read(): Theme {
  if (chosen !== null) return chosen;
  try {
    const kept = localStorage.getItem(KEY);
    chosen = kept === "light" || kept === "system" ? kept : "dark";
  } catch {
    chosen = "dark";
  }
  return chosen;
}

function apply(): void {
  const theme = read();
  const light =
    theme === "light" || (theme === "system" && matchMedia("(prefers-color-scheme: light)").matches);
  document.documentElement.dataset.theme = light ? "light" : "dark";
}

/** Chooses a theme and keeps the choice. */
export function chooseTheme(theme: Theme): void {
  chosen = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Not kept; it holds until the next load.
  }
  apply();
  for (const listener of listeners) listener();
}

/** The chosen theme. */
export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, read);
}

/** Keeps the page in step with the system while that is the choice. */
export function useAppliedTheme(): void {
  useEffect(() => {
    apply();
    const query = matchMedia("(prefers-color-scheme: light)");
    query.addEventListener("change", apply);
    return () => query.removeEventListener("change", apply);
  }, []);
}
