/** An item of the timeline. What the agent says and what the platform saw look different. Layer: feature. */
import {
  ChevronDown,
  ChevronRight,
  Circle,
  CircleAlert,
  CircleCheck,
  CircleDot,
  CircleStop,
  CircleX,
  Flag,
  GitCommitHorizontal,
  GitPullRequest,
  ListChecks,
  type LucideIcon,
  ShieldCheck,
  Trash2,
  Unplug,
} from "lucide-react";
import { memo, type ReactNode, useState } from "react";
import { LongText } from "@/components/prose/long-text";
import { Prose } from "@/components/prose/prose";
import { Ago } from "@/components/time";
import { Icon } from "@/components/ui/icon";
import { Words } from "@/components/words";
import { cx } from "@/lib/classes";
import { duration } from "@/lib/format";
import { shown, shownOnOneLine } from "@/lib/text/harmless";
import type { Chapter, Item, Note, Plan, Steps } from "../timeline/items";
import { stepWords } from "../timeline/step-words";
import { PermissionCard } from "./permission-card";
import { ReadsLine, ToolCard } from "./tool-card";

/** The item. */
export const ItemView = memo(function ItemView({
  item,
  session,
  agent,
  over,
  waiting,
}: {
  item: Item;
  session: string;
  agent: string;
  /** Somebody is asked. */
  waiting: boolean;
  /** The session has ended: nothing of it waits any more. */
  over: boolean;
}) {
  const goesOn = over ? "no" : waiting ? "once-answered" : "yes";
  switch (item.type) {
    case "chapter":
      return <ChapterHead chapter={item} />;
    case "said":
      return item.author === "agent" ? (
        <Prose text={item.text} />
      ) : (
        <Person author={item.author === "user" ? "You" : "TeleCoder"} text={item.text} at={item.at} />
      );
    case "thought":
      return <Folded words="Thought" text={item.text} />;
    case "tool":
      return <ToolCard tool={item} goesOn={goesOn} />;
    case "reads":
      return <ReadsLine reads={item} goesOn={goesOn} />;
    case "permission":
      return <PermissionCard permission={item} session={session} agent={agent} over={over} />;
    case "plan":
      return <PlanView plan={item} />;
    case "steps":
      return <StepsLine item={item} />;
    case "note":
      return <NoteLine note={item} />;
    case "output":
      return (
        <Folded
          words={item.stream === "stderr" ? `${agent} wrote to stderr` : `${agent}: ${item.stream}`}
          text={item.text}
          mono
        />
      );
  }
});

function ChapterHead({ chapter }: { chapter: Chapter }) {
  return (
    <div className="pt-4">
      <h2 className="mb-2 flex items-baseline gap-2 text-n11 text-xs">
        <span className="font-semibold text-n12">Turn {chapter.turn}</span>
        <span>{chapter.author === "user" ? "You" : "TeleCoder"}</span>
        <Ago at={chapter.at} className="ml-auto text-n10" />
      </h2>
      <Asked text={chapter.text} />
    </div>
  );
}

/** A message to the agent in the middle of a turn. */
function Person({ author, text, at }: { author: string; text: string; at: string }) {
  return (
    <div>
      <p className="mb-1 flex text-n11 text-xs">
        <span className="font-medium">{author}</span>
        <Ago at={at} className="ml-auto text-n10" />
      </p>
      <Asked text={text} />
    </div>
  );
}

/** What was asked; a long one shows its beginning. */
function Asked({ text }: { text: string }) {
  const [open, setOpen] = useState(false);
  const long = text.length > 1200 || text.split("\n").length > 14;
  return (
    <div className="rounded-md border border-n6 bg-n3 px-3 py-2.5">
      <div className={cx(long && !open && "max-h-40 overflow-hidden")}>
        <Prose text={long && !open ? text.slice(0, 2000) : text} />
      </div>
      {long && (
        <button
          type="button"
          className="mt-1 text-accent-text text-xs"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? "Show less" : "Show all"}
        </button>
      )}
    </div>
  );
}

function Folded({ words, text, mono = false }: { words: string; text: string; mono?: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <div className="text-n11">
      <button
        type="button"
        className="flex min-h-7 w-full min-w-0 items-center gap-1.5 text-left text-xs"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon of={open ? ChevronDown : ChevronRight} className="text-n10" />
        <span className="shrink-0">{shownOnOneLine(words.slice(0, 100))}</span>
        {!open && (
          <span className="truncate text-n10" dir="auto">
            {shownOnOneLine(text.slice(0, 160))}
          </span>
        )}
      </button>
      {open && (
        <div className="border-n6 border-l-2 pl-3">
          {mono ? <LongText text={text} /> : <Prose text={text} />}
        </div>
      )}
    </div>
  );
}

/** The platform's lines: evidence, set apart by its ground from what the agent says. */
function Evidence({ icon, color, children }: { icon: LucideIcon; color?: string; children: ReactNode }) {
  return (
    <div className="flex min-h-6 items-start gap-2 bg-n2 px-2 text-n11 text-xs">
      <Icon of={icon} className={cx("mt-1 size-3.5 shrink-0", color ?? "text-n9")} />
      <div className="min-w-0 flex-1 py-1">
        <span className="sr-only">TeleCoder: </span>
        {children}
      </div>
    </div>
  );
}

const marks: Record<Note["mark"], { icon: LucideIcon; color?: string }> = {
  status: { icon: CircleDot },
  complete: { icon: CircleCheck, color: "text-done" },
  failed: { icon: CircleX, color: "text-fail" },
  stopped: { icon: CircleStop },
  git: { icon: GitCommitHorizontal },
  pull: { icon: GitPullRequest, color: "text-done" },
  outcome: { icon: Flag, color: "text-done" },
  discarded: { icon: Trash2, color: "text-wait" },
  error: { icon: CircleAlert, color: "text-fail" },
  model: { icon: Unplug, color: "text-wait" },
  unknown: { icon: CircleDot },
};

function NoteLine({ note }: { note: Note }) {
  const { icon, color } = marks[note.mark];
  const safe = note.link !== undefined && /^https?:\/\//.test(note.link);
  return (
    <Evidence icon={icon} {...(color !== undefined && { color })}>
      <p
        className={cx(
          note.mark === "error" && "font-medium text-fail",
          note.mark === "outcome" && "font-medium text-n12",
        )}
      >
        <Words text={note.text.slice(0, 2000)} />
        {safe && (
          <>
            {" "}
            <a
              href={note.link}
              className="text-accent-text underline underline-offset-3"
              target="_blank"
              rel="noopener noreferrer"
            >
              Open
            </a>
          </>
        )}
      </p>
      {note.more &&
        (note.mark === "error" ? (
          <p className="mt-0.5">
            <Words text={note.more} />
          </p>
        ) : (
          <LongText text={note.more} className="text-n11" />
        ))}
    </Evidence>
  );
}

function StepsLine({ item }: { item: Steps }) {
  return (
    <Evidence icon={ShieldCheck}>
      <ul className="flex flex-wrap gap-x-3">
        {item.steps.map((step, at) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: steps do not move.
            key={at}
            className={cx(step.state === "failed" && "font-medium text-fail")}
            title={step.detail === null ? undefined : shown(step.detail)}
          >
            {shownOnOneLine(stepWords(step))}
            {step.detail !== null && step.state === "failed" && `: ${shownOnOneLine(step.detail)}`}
            {step.millis !== null && <span className="tabular text-n10"> {duration(step.millis)}</span>}
          </li>
        ))}
      </ul>
    </Evidence>
  );
}

const PLAN_MARKS: Record<string, LucideIcon> = { completed: CircleCheck, in_progress: CircleDot };

function PlanView({ plan }: { plan: Plan }) {
  const done = plan.entries.filter((entry) => entry.status === "completed").length;
  return (
    <section className="rounded-md border border-n5 px-3 py-2" aria-label="Plan">
      <p className="flex items-center gap-2 text-n11 text-xs">
        <Icon of={ListChecks} className="size-3.5 text-n10" />
        <span className="font-medium">Plan</span>
        <span className="h-1 w-24 overflow-hidden rounded-full bg-n5" aria-hidden>
          <span
            className="block h-full bg-n10"
            style={{ width: `${(done / Math.max(1, plan.entries.length)) * 100}%` }}
          />
        </span>
        <span className="tabular">
          {done} of {plan.entries.length}
        </span>
      </p>
      <ol className="mt-1.5 flex flex-col gap-1 text-sm">
        {plan.entries.slice(0, 100).map((entry, at) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a plan have no other name.
            key={at}
            className={cx(
              "flex items-start gap-2",
              entry.status === "completed" && "text-n11",
              entry.status === "in_progress" && "font-medium",
            )}
          >
            <Icon
              of={PLAN_MARKS[entry.status] ?? Circle}
              className={cx(
                "mt-0.5 size-3.5",
                entry.status === "in_progress" ? "text-accent-text" : "text-n9",
              )}
            />
            <span className="sr-only">{entry.status.replace("_", " ")}: </span>
            <Words text={entry.content.slice(0, 500)} />
          </li>
        ))}
      </ol>
    </section>
  );
}
