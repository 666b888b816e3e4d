/** What exactly an agent asks to do: the command, the files, the edit. Everything here is the agent's word. Layer: components. */
import type { Wire } from "@/api/client";
import { count } from "@/lib/format";
import { shown, shownOnOneLine } from "@/lib/text/harmless";

const MOST = 6000;

/** The detail; nothing where the request has none. */
export function ApprovalDetail({ approval }: { approval: Pick<Wire<"Approval">, "detail"> }) {
  const { detail } = approval;
  if (detail === null) return null;
  const edits = detail.diffs.slice(0, 3);
  const places = detail.locations.filter((path) => !edits.some((edit) => edit.path === path)).slice(0, 5);
  return (
    <div className="mt-2 flex flex-col gap-2">
      {detail.command !== null && (
        <pre
          className="max-h-60 overflow-auto whitespace-pre-wrap wrap-anywhere rounded-md border border-n5 bg-n1 px-3 py-2 text-xs"
          dir="ltr"
        >
          {shown(detail.command.slice(0, MOST))}
        </pre>
      )}
      {edits.map((edit) => (
        <figure key={edit.path} className="overflow-hidden rounded-md border border-n5 bg-n1">
          <figcaption className="border-n5 border-b px-3 py-1 font-mono text-n11 text-xs" dir="ltr">
            {shownOnOneLine(edit.path)}
          </figcaption>
          <pre className="max-h-60 overflow-auto py-1 text-xs leading-5" dir="ltr">
            {edit.oldText !== null && <Lines text={edit.oldText} sign="−" className="bg-diff-del" />}
            <Lines text={edit.newText} sign="+" className="bg-diff-add" />
          </pre>
        </figure>
      ))}
      {detail.diffs.length > edits.length && (
        <p className="text-n11 text-xs">and {count(detail.diffs.length - edits.length, "more edit")}</p>
      )}
      {places.length > 0 && (
        <p className="truncate font-mono text-n11 text-xs" dir="ltr">
          {places.map(shownOnOneLine).join("  ")}
        </p>
      )}
    </div>
  );
}

function Lines({ text, sign, className }: { text: string; sign: string; className: string }) {
  const lines = shown(text.slice(0, MOST)).replace(/\n$/, "").split("\n").slice(0, 60);
  return lines.map((line, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name, and do not move.
    <span key={place} className={`block px-3 ${className}`}>
      <span className="select-none text-n10">{sign} </span>
      {line}
    </span>
  ));
}
