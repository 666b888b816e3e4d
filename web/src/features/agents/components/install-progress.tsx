/** What an install says while it goes on. Layer: feature. */
import { useEffect, useRef } from "react";
import { shown } from "@/lib/text/harmless";
import type { Install } from "../hooks/use-install";

/** The last lines; nothing where nothing is installed. */
export function InstallProgress({ install }: { install: Install }) {
  const end = useRef<HTMLPreElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new line moves the end.
  useEffect(() => {
    end.current?.scrollTo({ top: end.current.scrollHeight });
  }, [install.lines]);
  if (install.state === "none") return null;
  return (
    <div className="mt-2 ml-7">
      {install.state === "running" && (
        <div role="progressbar" aria-label="Installing" className="h-0.5 overflow-hidden rounded-full bg-n4">
          <div className="h-full w-1/3 bg-accent motion-safe:animate-slide" />
        </div>
      )}
      {install.lines.length > 0 && (
        <pre
          ref={end}
          role="log"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys.
          tabIndex={0}
          aria-label="What the install says"
          className="mt-2 max-h-40 overflow-auto whitespace-pre-wrap wrap-anywhere rounded-md border border-n5 bg-n2 px-3 py-2 text-n11 text-xs"
        >
          {install.lines.map(shown).join("\n")}
        </pre>
      )}
    </div>
  );
}
