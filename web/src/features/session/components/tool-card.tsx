/** A tool at work: what, how it went, what it said. Layer: feature. */
import {
  Brain,
  Check,
  ChevronDown,
  ChevronRight,
  FileMinus,
  FilePen,
  FileText,
  FolderInput,
  Globe,
  type LucideIcon,
  Search,
  SlidersHorizontal,
  SquareTerminal,
  Wrench,
} from "lucide-react";
import { useId, useMemo, useState } from "react";
import type { Wire } from "@/api/client";
import { SmallDiff } from "@/components/diff/small-diff";
import { LongText } from "@/components/prose/long-text";
import { ChangeSize } from "@/components/status";
import { Icon } from "@/components/ui/icon";
import { cx } from "@/lib/classes";
import { textDiff } from "@/lib/diff/text-diff";
import { count } from "@/lib/format";
import { lastLines } from "@/lib/text/cut";
import { shown, shownOnOneLine } from "@/lib/text/harmless";
import { lasted } from "../timeline/fold";
import type { Reads, Tool } from "../timeline/items";

const kinds: Record<Wire<"ToolKind">, { icon: LucideIcon; word: string }> = {
  read: { icon: FileText, word: "Read" },
  edit: { icon: FilePen, word: "Edit" },
  delete: { icon: FileMinus, word: "Delete" },
  move: { icon: FolderInput, word: "Move" },
  search: { icon: Search, word: "Search" },
  execute: { icon: SquareTerminal, word: "Run" },
  think: { icon: Brain, word: "Think" },
  fetch: { icon: Globe, word: "Fetch" },
  switch_mode: { icon: SlidersHorizontal, word: "Mode" },
  other: { icon: Wrench, word: "Tool" },
};

const TAIL = 4;
const MOST_DIFFS = 8;

/** Whether what has not ended is still to end. */
export type GoesOn = "yes" | "once-answered" | "no";

/** The card. */
export function ToolCard({ tool, goesOn }: { tool: Tool; goesOn: GoesOn }) {
  const { call } = tool;
  const kind = kinds[call.kind ?? "other"];
  const [open, setOpen] = useState(false);
  const body = useId();
  const output = call.output ?? "";
  const input = inputOf(call);
  const more = output !== "" || input !== "";
  const title = shownOnOneLine((call.title ?? call.id).slice(0, 500));
  const diffs = call.diffs ?? [];
  // An edit of one file that is named by it has its size in its own line.
  const only =
    diffs.length === 1 && (call.title ?? "").endsWith(diffs[0]?.path ?? "/") ? diffs[0] : undefined;
  const size = useMemo(() => only && textDiff(only.path, only.oldText ?? null, only.newText), [only]);
  return (
    <article className="min-w-0" aria-label={`${kind.word}: ${title.slice(0, 120)}`}>
      <button
        type="button"
        data-row
        className="-mx-1 flex min-h-7 w-[calc(100%+0.5rem)] items-center gap-2 rounded-sm px-1 text-left hover:bg-n3 disabled:cursor-default disabled:hover:bg-transparent"
        aria-expanded={open}
        aria-controls={body}
        disabled={!more}
        onClick={() => setOpen(!open)}
      >
        <Icon of={kind.icon} className="shrink-0 text-n10" />
        <span className="w-11 shrink-0 font-medium text-n11 text-xs">{kind.word}</span>
        <span className="min-w-0 flex-1 truncate font-mono text-xs" dir="auto" title={title}>
          {title}
        </span>
        {size && <ChangeSize stat={size} />}
        <State tool={tool} goesOn={goesOn} />
        <Icon of={open ? ChevronDown : ChevronRight} className={cx("text-n10", !more && "invisible")} />
      </button>
      <div id={body} className="flex flex-col gap-2 pt-0.5 pl-6 empty:hidden">
        {open && input !== "" && <LongText text={input} className="text-n11" />}
        {diffs.slice(0, MOST_DIFFS).map((diff, at) => (
          <SmallDiff
            // biome-ignore lint/suspicious/noArrayIndexKey: the edits of a call do not move.
            key={at}
            path={diff.path}
            before={diff.oldText ?? null}
            after={diff.newText}
            bare={only !== undefined}
          />
        ))}
        {diffs.length > MOST_DIFFS && (
          <p className="text-n10 text-xs">and {count(diffs.length - MOST_DIFFS, "more edit")}</p>
        )}
        {open && output !== "" && (
          <div
            className="max-h-120 overflow-auto rounded-md border border-n5 bg-n2 px-3 py-2"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a long output is scrolled by keys.
            tabIndex={0}
          >
            <LongText text={output} />
          </div>
        )}
        {!open && <Tail call={call} output={output} />}
      </div>
    </article>
  );
}

/** The last lines of what a command said, and of whatever failed. */
function Tail({ call, output }: { call: Wire<"ToolCall">; output: string }) {
  if (call.kind !== "execute" && call.status !== "failed") return null;
  const { lines, before } = lastLines(output.slice(-20_000), TAIL);
  if (lines.length === 0) return null;
  return (
    <pre className="overflow-hidden border-n6 border-l-2 pl-3 text-n11 text-xs leading-5">
      {before > 0 && <span className="block text-n10">⋯ {count(before, "line")} before</span>}
      {lines.map((line, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name.
        <span key={at} className="block overflow-hidden text-ellipsis whitespace-pre" dir="auto">
          {shown(line.slice(0, 400)) || "\u00a0"}
        </span>
      ))}
    </pre>
  );
}

function State({ tool, goesOn }: { tool: Tool; goesOn: GoesOn }) {
  const status = tool.call.status ?? "pending";
  const time = lasted(tool);
  return (
    <span className="tabular flex shrink-0 items-center gap-2 text-xs">
      {time && <span className="text-n10">{time}</span>}
      {status === "failed" && <span className="font-medium text-fail">failed</span>}
      {status === "completed" && (
        <>
          <Icon of={Check} className="size-3.5 text-n9" />
          <span className="sr-only">done</span>
        </>
      )}
      {(status === "pending" || status === "in_progress") && (
        <Unended begun={status !== "pending"} goesOn={goesOn} />
      )}
    </span>
  );
}

function Unended({ begun, goesOn }: { begun: boolean; goesOn: GoesOn }) {
  if (goesOn === "no") return <span className="text-n10">not ended</span>;
  if (goesOn === "once-answered" && !begun) return <span className="text-wait">waits for you</span>;
  return <span className="text-accent-text motion-safe:animate-breathe">at work</span>;
}

function inputOf(call: Wire<"ToolCall">): string {
  if (call.input == null) return "";
  const { command } = call.input as { command?: unknown };
  if (typeof command === "string" && command === call.title) return "";
  return typeof command === "string" ? command : JSON.stringify(call.input, null, 2);
}

/** Reads and searches in one line. */
export function ReadsLine({ reads, goesOn }: { reads: Reads; goesOn: GoesOn }) {
  const [open, setOpen] = useState(false);
  const only = reads.calls[0];
  if (reads.calls.length === 1 && only) return <ToolCard tool={only} goesOn={goesOn} />;
  const searches = reads.calls.filter((tool) => tool.call.kind === "search").length;
  const read = reads.calls.length - searches;
  const words = [
    read > 0 && `Read ${count(read, "file")}`,
    searches > 0 && count(searches, "search", "searches"),
  ]
    .filter(Boolean)
    .join(", ");
  const names = reads.calls
    .slice(0, 20)
    .map((tool) => shownOnOneLine((tool.call.title ?? "").slice(0, 80)))
    .join(", ");
  return (
    <div>
      <button
        type="button"
        data-row
        className="-mx-1 flex min-h-7 w-[calc(100%+0.5rem)] items-center gap-2 rounded-sm px-1 text-left text-xs hover:bg-n3"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon of={FileText} className="text-n10" />
        <span className="shrink-0 font-medium text-n11">{words}</span>
        <span className="min-w-0 flex-1 truncate text-n10" dir="auto">
          {!open && names}
        </span>
        <Icon of={open ? ChevronDown : ChevronRight} className="text-n10" />
      </button>
      {open && (
        <div className="pl-6">
          {reads.calls.slice(0, 500).map((tool) => (
            <ToolCard key={tool.key} tool={tool} goesOn={goesOn} />
          ))}
        </div>
      )}
    </div>
  );
}
