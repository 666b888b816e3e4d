/** The state of a pull request, as a mark and a word. Layer: feature. */
import {
  GitMerge,
  GitPullRequest,
  GitPullRequestClosed,
  GitPullRequestDraft,
  type LucideIcon,
} from "lucide-react";
import type { Wire } from "@/api/client";
import { Icon } from "@/components/ui/icon";
import { cx } from "@/lib/classes";

const looks: Record<Wire<"PullState">, { icon: LucideIcon; word: string; color: string }> = {
  draft: { icon: GitPullRequestDraft, word: "Draft", color: "text-n11" },
  open: { icon: GitPullRequest, word: "Open", color: "text-done" },
  merged: { icon: GitMerge, word: "Merged", color: "text-accent-text" },
  closed: { icon: GitPullRequestClosed, word: "Closed", color: "text-fail" },
};

/** The mark. */
export function PullStateMark({ state }: { state: Wire<"PullState"> }) {
  const look = looks[state];
  return (
    <span className={cx("inline-flex items-center gap-1.5 font-medium text-xs", look.color)}>
      <Icon of={look.icon} />
      {look.word}
    </span>
  );
}
