/** One line of foreign words: harmless, on one line, with `code` set in its own type. Layer: components. */
import { shownOnOneLine } from "@/lib/text/harmless";

/** The words. */
export function Words({ text }: { text: string }) {
  const parts = shownOnOneLine(text).split(/(`[^`]+`)/);
  return (
    <bdi>
      {parts.map((part, place) =>
        part.startsWith("`") && part.endsWith("`") && part.length > 2 ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other name.
          <code key={place} className="text-[0.94em]">
            {part.slice(1, -1)}
          </code>
        ) : (
          part
        ),
      )}
    </bdi>
  );
}
