/** The prompt: markdown, with a preview. Layer: feature. */
import { lazy, useEffect, useRef, useState } from "react";
import { Late } from "@/components/ui/late";
import { cx } from "@/lib/classes";
import { whole } from "@/lib/format";
import { shown } from "@/lib/text/harmless";
import { LONGEST } from "../draft";

const Prose = lazy(() => import("@/components/prose/prose").then((module) => ({ default: module.Prose })));

/** The field. `onSend` is told of Ctrl Enter. */
export function PromptField({
  value,
  onChange,
  onSend,
  problem,
}: {
  value: string;
  onChange: (value: string) => void;
  onSend: () => void;
  problem?: string | undefined;
}) {
  const [preview, setPreview] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  // Somebody who came to write shall be able to write; a phone's keyboard stays away until it is asked for.
  useEffect(() => {
    if (matchMedia("(min-width: 48rem)").matches) field.current?.focus({ preventScroll: true });
  }, []);
  const near = value.length > LONGEST * 0.9;
  return (
    <div className="rounded-md border border-n6 bg-n1 focus-within:border-n8">
      {preview ? (
        <div className="min-h-48 px-4 py-3 text-base">
          <Late fallback={<p className="whitespace-pre-wrap break-words text-n11">{shown(value)}</p>}>
            {value.trim() === "" ? (
              <p className="text-n10">There is nothing to preview.</p>
            ) : (
              <Prose text={value} />
            )}
          </Late>
        </div>
      ) : (
        <textarea
          ref={field}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
              event.preventDefault();
              onSend();
            }
          }}
          aria-label="What is to be done"
          aria-invalid={problem !== undefined}
          aria-describedby="prompt-line"
          placeholder="What is to be done? Say what you want, what you know, and how you will see that it is done."
          dir="auto"
          maxLength={LONGEST}
          className="field-sizing-content block max-h-[55vh] min-h-48 w-full resize-none rounded-md bg-transparent px-4 py-3 text-base leading-6 outline-none"
        />
      )}
      <div className="flex min-h-9 items-center gap-1 border-n5 border-t px-2">
        <Tab chosen={!preview} onClick={() => setPreview(false)} name="Write" />
        <Tab chosen={preview} onClick={() => setPreview(true)} name="Preview" />
        <p
          id="prompt-line"
          className={cx("ml-auto pr-2 text-xs", problem === undefined ? "text-n10" : "text-fail")}
        >
          {problem ?? (near ? `${whole(value.length)} of ${whole(LONGEST)} characters` : "Markdown")}
        </p>
      </div>
    </div>
  );
}

function Tab({ chosen, name, onClick }: { chosen: boolean; name: string; onClick: () => void }) {
  return (
    <button
      type="button"
      aria-pressed={chosen}
      onClick={onClick}
      className="h-7 rounded-sm px-2 font-medium text-n11 text-xs hover:text-n12 aria-pressed:bg-n3 aria-pressed:text-n12"
    >
      {name}
    </button>
  );
}
