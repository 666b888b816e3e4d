/** Sorts the inbox into its groups. Pure. Layer: feature. */
import type { Wire } from "@/api/client";

type Finished = Wire<"FinishedEntry">;

export interface InboxGroups {
  /** Decisions that wait, oldest first. */
  waiting: Wire<"WaitingEntry">[];
  /** Ended well and not seen yet. */
  done: Finished[];
  /** Ended badly and not seen yet. */
  failed: Finished[];
  /** Everything that was seen. */
  earlier: Finished[];
  unread: number;
}

/** A session that was stopped by a person is news to nobody, but it went not to its end: it stands with what went wrong. */
export function groups(inbox: Wire<"Inbox">): InboxGroups {
  const fresh = inbox.finished.filter((entry) => entry.unread);
  return {
    waiting: inbox.waiting,
    done: fresh.filter((entry) => entry.session.status === "complete"),
    failed: fresh.filter((entry) => entry.session.status !== "complete"),
    earlier: inbox.finished.filter((entry) => !entry.unread),
    unread: fresh.length,
  };
}
