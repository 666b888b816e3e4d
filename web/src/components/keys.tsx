/** Keys as they stand on a keyboard. Layer: components. */
import { shownKeys } from "@/lib/shortcuts";

/** The keys of a shortcut. */
export function Keys({ keys, className }: { keys: string; className?: string }) {
  return (
    <span className={className}>
      {shownKeys(keys).map((key, place) => (
        <kbd
          // biome-ignore lint/suspicious/noArrayIndexKey: a shortcut may have the same key twice, and its order is fixed.
          key={place}
          className="ml-1 inline-block min-w-5 rounded-sm border border-n6 bg-n3 px-1 text-center font-sans text-n11 text-xs leading-4.5"
        >
          {key}
        </kbd>
      ))}
    </span>
  );
}

/** The key of a button, on it, where there is room and a keyboard is likely. */
export function KeyHint({ keys }: { keys: string }) {
  return (
    <kbd
      aria-hidden
      className="ml-1 hidden min-w-4.5 rounded-sm border border-current px-1 text-center font-sans text-xs leading-4 opacity-60 md:inline-block"
    >
      {keys}
    </kbd>
  );
}
