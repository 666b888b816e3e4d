/** Code, coloured once its language is loaded. Layer: components. */
import { useQuery } from "@tanstack/react-query";
import { shown } from "@/lib/text/harmless";
import { colorOf } from "./code-colors";
import { LongText } from "./long-text";

const MOST = 40_000;

/** A block of code. `language` is a name or a file's ending. */
export function Code({ text, language, plain = false }: { text: string; language: string; plain?: boolean }) {
  const name = language.toLowerCase().match(/^[a-z0-9+#-]*/)?.[0] ?? "";
  const found = useQuery({
    queryKey: ["highlight", name, text],
    queryFn: async () => (await import("./highlight")).pieces(shown(text), name),
    enabled: name !== "" && text.length < MOST,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
  }).data;
  const around = plain
    ? "min-w-0 overflow-x-auto p-3"
    : "min-w-0 overflow-x-auto rounded-md border border-n5 bg-n2 px-3 py-2";
  if (!found)
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: wide code is scrolled by keys.
      <section className={around} tabIndex={0} aria-label="Code">
        <LongText text={text} className={text.length < MOST ? "!whitespace-pre !wrap-normal" : ""} />
      </section>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: wide code is scrolled by keys.
    <section className={around} tabIndex={0} aria-label="Code">
      <pre className="text-xs leading-5" dir="ltr">
        {found.map((piece, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text have no other name.
          <span key={at} className={colorOf(piece.scope)}>
            {piece.text}
          </span>
        ))}
      </pre>
    </section>
  );
}
