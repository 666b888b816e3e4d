/** Short news at the edge of the page, said to screen readers too. Layer: components. */
import { CircleCheck, TriangleAlert, X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { asApiError } from "@/api/errors";
import { Words } from "@/components/words";
import { IconButton } from "./button";
import { Icon } from "./icon";

interface Toast {
  id: number;
  kind: "done" | "failed";
  words: string;
  hint?: string | undefined;
}

const SHOWN = { done: 4000, failed: 12_000 };
const MOST = 4;

let toasts: Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function change(next: Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function show(toast: Omit<Toast, "id">): void {
  last += 1;
  const id = last;
  // The same news twice is one, and stays for its time from now on.
  const others = toasts.filter(
    ({ kind, words, hint }) => kind !== toast.kind || words !== toast.words || hint !== toast.hint,
  );
  change([...others, { ...toast, id }].slice(-MOST));
  setTimeout(() => dismiss(id), SHOWN[toast.kind]);
}

function dismiss(id: number): void {
  change(toasts.filter((toast) => toast.id !== id));
}

/** Says that something was done. */
export function toastDone(words: string): void {
  show({ kind: "done", words });
}

/** Says that something failed, and what to do. */
export function toastFailed(error: unknown): void {
  const { message, hint } = asApiError(error);
  show({ kind: "failed", words: message, hint });
}

/** The place where they appear. */
export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <section
      aria-label="News"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-3 bottom-18 z-60 flex flex-col items-end gap-2 md:inset-x-auto md:right-4 md:bottom-4"
    >
      {shown.map((toast) => (
        <div
          key={toast.id}
          className="pointer-events-auto flex w-full max-w-100 animate-arrive items-start gap-2 rounded-md bg-n3 py-2 pr-1 pl-3 shadow-float md:w-auto"
        >
          <Icon
            of={toast.kind === "done" ? CircleCheck : TriangleAlert}
            className={toast.kind === "done" ? "mt-1.5 text-done" : "mt-1.5 text-fail"}
          />
          <div className="min-w-0 flex-1 py-1 text-sm">
            <p dir="auto">
              <Words text={toast.words} />
            </p>
            {toast.hint !== undefined && (
              <p className="mt-0.5 text-n11 text-xs">
                <Words text={toast.hint} />
              </p>
            )}
          </div>
          <IconButton label="Dismiss" size="small" onClick={() => dismiss(toast.id)}>
            <Icon of={X} />
          </IconButton>
        </div>
      ))}
    </section>
  );
}
