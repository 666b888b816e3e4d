/** What a timeline is made of. Layer: feature, types only. */
import type { Wire } from "@/api/client";

type ToolCall = Wire<"ToolCall">;

interface Base {
  /** Stays the same while the item grows; unique in its timeline. */
  key: string;
  /** The first event that it tells of. */
  seq: number;
  at: string;
}

/** A turn begins: somebody's words to the agent. */
export interface Chapter extends Base {
  type: "chapter";
  turn: number;
  author: Wire<"Author">;
  text: string;
}

/** What somebody said. */
export interface Said extends Base {
  type: "said";
  author: Wire<"Author">;
  text: string;
}

export interface Thought extends Base {
  type: "thought";
  text: string;
}

/** A tool at work, as the agent tells it. */
export interface Tool extends Base {
  type: "tool";
  call: ToolCall;
  /** When it ended. */
  endedAt?: string;
}

/** Reads and searches one after the other. */
export interface Reads extends Base {
  type: "reads";
  calls: Tool[];
}

export interface Permission extends Base {
  type: "permission";
  id: string;
  title: string;
  kind: Wire<"ToolKind">;
  state: string;
  by: string | null;
}

export interface Plan extends Base {
  type: "plan";
  entries: Wire<"PlanEntry">[];
}

export interface Step {
  name: string;
  state: Wire<"StepState">;
  detail: string | null;
  millis: number | null;
}

/** The platform's own work, one line for what happened in one go. */
export interface Steps extends Base {
  type: "steps";
  steps: Step[];
}

/** Something the platform saw or did: evidence, not a claim. */
export interface Note extends Base {
  type: "note";
  mark:
    | "status"
    | "complete"
    | "failed"
    | "stopped"
    | "git"
    | "pull"
    | "outcome"
    | "discarded"
    | "error"
    | "model"
    | "unknown";
  text: string;
  more?: string;
  link?: string;
}

/** What the agent wrote beside its protocol. */
export interface Output extends Base {
  type: "output";
  stream: string;
  text: string;
}

export type Item = Chapter | Said | Thought | Tool | Reads | Permission | Plan | Steps | Note | Output;
