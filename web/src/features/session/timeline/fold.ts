/** Folds a session's events into the items of its timeline. Layer: feature, pure.
 *
 *  Invariants: each event is taken once, in order; an item that grows is replaced by a new object under its key and stays in
 *  its place, all others keep their identity; an event of a later version is told as what it is, never dropped. */
import type { SessionEvent } from "@/api/live/session-events";
import { duration } from "@/lib/format";
import type { Item, Reads, Step, Steps, Tool } from "./items";
import { noteOf } from "./notes";

const READS = new Set(["read", "search"]);

/** A timeline that grows. */
export class Timeline {
  items: Item[] = [];
  /** The plan as it is now. */
  plan: { done: number; all: number; now: string | null } | null = null;
  #taken = 0;
  #tools = new Map<string, { item: number; inside: number | null }>();
  #places = new Map<string, number>();
  #turn = 0;
  /** The first event of this turn; 0 where the log begins in the middle of one. */
  #begun = 0;

  /** Takes the events that are new; gives whether there were any. */
  take(events: readonly SessionEvent[]): boolean {
    if (this.#taken >= events.length) return false;
    if (this.#taken === 0 && (events[0]?.seq ?? 1) > 1) this.#taken = Math.max(0, events.findIndex(begins));
    this.items = [...this.items];
    for (; this.#taken < events.length; this.#taken += 1) {
      const event = events[this.#taken];
      if (event) this.#event(event);
    }
    return true;
  }

  #event(event: SessionEvent): void {
    const base = { key: `e${event.seq}`, seq: event.seq, at: event.at };
    switch (event.type) {
      case "message":
        this.#message(event.data, base);
        return;
      case "thought": {
        const last = this.items.at(-1);
        if (last?.type === "thought") this.#replace({ ...last, text: last.text + event.data.text });
        else this.items.push({ ...base, type: "thought", text: event.data.text });
        return;
      }
      case "tool_call":
      case "tool_update":
        this.#tool(event.data, base);
        return;
      case "plan":
        this.#plan(event.data.entries, base);
        return;
      case "permission":
        this.#permission(event.data, base);
        return;
      case "step":
        this.#step(event.data, base);
        return;
      case "output": {
        const last = this.items.at(-1);
        const { stream, text } = event.data;
        if (last?.type === "output" && last.stream === stream)
          this.#replace({ ...last, text: `${last.text}\n${text}` });
        else this.items.push({ ...base, type: "output", stream, text });
        return;
      }
      case "usage":
      case "status":
      case "git":
      case "pull_request":
      case "file_change":
      case "outcome":
      case "error":
      case "done": {
        if (event.type === "error") this.#failOpenSteps();
        const note = noteOf(event);
        if (note) this.items.push({ ...base, type: "note", ...note });
        return;
      }
      default: {
        const unknown = event as { type: string; data: unknown };
        const more = JSON.stringify(unknown.data, null, 2)?.slice(0, 20_000) ?? "";
        this.items.push({ ...base, type: "note", mark: "unknown", text: `Event: ${unknown.type}`, more });
      }
    }
  }

  /** Puts a new version of the last item in its place. */
  #replace(item: Item): void {
    this.items[this.items.length - 1] = item;
  }

  #message(data: Extract<SessionEvent, { type: "message" }>["data"], base: Base): void {
    const { author, text, turn } = data;
    // A log that begins in the middle of a turn learns of it from the agent's words.
    if (author === "agent" && this.#turn === 0) this.#turn = turn;
    if (author !== "agent" && turn !== this.#turn) {
      this.#turn = turn;
      this.#begun = base.seq;
      this.#tools.clear();
      this.items.push({ ...base, type: "chapter", turn, author, text });
      return;
    }
    const last = this.items.at(-1);
    const goesOn = data.chunk && author === "agent" && last?.type === "said" && last.author === "agent";
    if (goesOn) this.#replace({ ...last, text: last.text + text });
    else this.items.push({ ...base, type: "said", author, text });
  }

  #tool(data: Tool["call"], base: Base): void {
    // An agent may use a name again in another turn.
    const known = this.#tools.get(data.id);
    if (known === undefined) {
      this.#newTool(data.id, { ...base, type: "tool", call: { ...data, diffs: data.diffs ?? [] } }, base);
      return;
    }
    const item = this.items[known.item];
    if (item?.type === "reads" && known.inside !== null) {
      const calls = [...item.calls];
      const call = calls[known.inside];
      if (call) calls[known.inside] = changed(call, data, base.at);
      this.items[known.item] = { ...item, calls };
    } else if (item?.type === "tool") this.items[known.item] = changed(item, data, base.at);
  }

  #newTool(name: string, tool: Tool, base: Base): void {
    const ended = tool.call.status === "completed" || tool.call.status === "failed";
    if (ended) tool.endedAt = base.at;
    const last = this.items.at(-1);
    if (!READS.has(tool.call.kind ?? "other")) {
      this.items.push(tool);
      this.#tools.set(name, { item: this.items.length - 1, inside: null });
    } else if (last?.type === "reads") {
      this.#replace({ ...last, calls: [...last.calls, tool] });
      this.#tools.set(name, { item: this.items.length - 1, inside: last.calls.length });
    } else {
      const reads: Reads = { ...base, type: "reads", calls: [tool] };
      this.items.push(reads);
      this.#tools.set(name, { item: this.items.length - 1, inside: 0 });
    }
  }

  #plan(entries: Extract<SessionEvent, { type: "plan" }>["data"]["entries"], base: Base): void {
    const done = entries.filter((entry) => entry.status === "completed").length;
    const now = entries.find((entry) => entry.status === "in_progress")?.content ?? null;
    this.plan = entries.length === 0 ? null : { done, all: entries.length, now };
    const key = `plan/${this.#begun}`;
    this.#put(key, { ...base, key, type: "plan", entries });
  }

  #permission(data: Extract<SessionEvent, { type: "permission" }>["data"], base: Base): void {
    const { title, kind, state } = data;
    const id = data.decision;
    this.#put(id, { ...base, key: id, type: "permission", id, title, kind, state, by: data.by ?? null });
  }

  /** Puts an item in the place of the one with its key, or at the end. */
  #put(key: string, item: Item): void {
    const place = this.#places.get(key);
    const old = place === undefined ? undefined : this.items[place];
    if (place !== undefined && old) this.items[place] = { ...item, seq: old.seq, at: old.at };
    else {
      this.#places.set(key, this.items.length);
      this.items.push(item);
    }
  }

  /** What was begun and told no end has failed with the rest. */
  #failOpenSteps(): void {
    const at = this.items.findLastIndex((item) => item.type === "steps");
    const item = this.items[at];
    if (item?.type !== "steps" || !item.steps.some((step) => step.state === "started")) return;
    const steps = item.steps.map((step) =>
      step.state === "started" ? { ...step, state: "failed" as const } : step,
    );
    this.items[at] = { ...item, steps };
  }

  #step(data: Extract<SessionEvent, { type: "step" }>["data"], base: Base): void {
    const step: Step = {
      name: data.step,
      state: data.state,
      detail: data.detail ?? null,
      millis: data.durationMs ?? null,
    };
    const last = this.items.at(-1);
    if (last?.type !== "steps") {
      this.items.push({ ...base, type: "steps", steps: [step] } satisfies Steps);
      return;
    }
    const open = last.steps.findLastIndex((each) => each.name === step.name && each.state === "started");
    const steps = [...last.steps];
    if (open >= 0 && step.state !== "started") steps[open] = step;
    else steps.push(step);
    this.#replace({ ...last, steps });
  }
}

/** Whether an event begins an item whatever came before it. A log that is not loaded from its first event is shown from such
 *  a one on: what is cut off above it comes whole with the page before. */
function begins(event: SessionEvent): boolean {
  if (event.type === "message") return event.data.author !== "agent";
  if (event.type === "tool_call") return !READS.has(event.data.kind ?? "other");
  return event.type === "permission" && event.data.state === "asked";
}

type Base = { key: string; seq: number; at: string };

/** A tool call after an update; absent fields are unchanged. */
function changed(tool: Tool, data: Tool["call"], at: string): Tool {
  const given = Object.fromEntries(Object.entries(data).filter(([, value]) => value != null));
  const call = { ...tool.call, ...given } as Tool["call"];
  if ((data.diffs ?? []).length === 0) call.diffs = tool.call.diffs ?? [];
  if ((data.locations ?? []).length === 0) call.locations = tool.call.locations ?? [];
  const ended = call.status === "completed" || call.status === "failed";
  return { ...tool, call, ...(ended && !tool.endedAt && { endedAt: at }) };
}

/** How long a tool worked, where it took a time worth telling. */
export function lasted(tool: Tool): string | null {
  if (tool.endedAt === undefined) return null;
  const millis = Date.parse(tool.endedAt) - Date.parse(tool.at);
  return millis >= 100 ? duration(millis) : null;
}
