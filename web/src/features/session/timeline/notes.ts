/** The words for what the platform saw or did. Layer: feature, pure. */
import type { SessionEvent } from "@/api/live/session-events";
import { count, sentence, whole } from "@/lib/format";
import type { Note } from "./items";

type Words = Pick<Note, "mark" | "text" | "more" | "link">;

const GIT: Record<string, string> = {
  base: "Starts from",
  commit: "Committed",
  push: "Pushed",
  keep: "Kept what was done so far as",
};
const ENDS: Record<string, Words> = {
  complete: { mark: "complete", text: "Done" },
  error: { mark: "failed", text: "Failed" },
  stopped: { mark: "stopped", text: "Stopped" },
};

/** The note of an event; `null` where it says nothing that the page does not show anyway. */
export function noteOf(event: SessionEvent): Words | null {
  switch (event.type) {
    case "status":
      if (event.data.reason) return { mark: "status", text: sentence(event.data.reason) };
      return null;
    case "done":
      return ENDS[event.data.status] ?? { mark: "status", text: event.data.status };
    case "git": {
      const { action, commit, branch, diff } = event.data;
      const size = diff ? `, ${count(diff.files, "file")} +${diff.additions} −${diff.deletions}` : "";
      const on = branch ? ` on ${branch}` : "";
      return { mark: "git", text: `${GIT[action] ?? action} ${commit.slice(0, 10)}${on}${size}` };
    }
    case "pull_request":
      return pullWords(event.data);
    case "file_change": {
      const { paths, total, action } = event.data;
      return { mark: "discarded", text: `${count(total, "written path")} ${action}`, more: paths.join("\n") };
    }
    case "outcome":
      return { mark: "outcome", text: event.data.headline };
    case "error":
      return {
        mark: "error",
        text: sentence(event.data.message),
        ...(event.data.hint && { more: event.data.hint }),
      };
    case "usage": {
      const { end, model, provider, status, error, usage } = event.data;
      if (end === "finished") return null;
      const tokens = `${whole(usage.inputTokens)} in, ${whole(usage.outputTokens)} out`;
      return {
        mark: "model",
        text: `Model call ${end}${status ? ` (${status})` : ""}: ${model ?? provider}`,
        more: [error, tokens].filter(Boolean).join("\n"),
      };
    }
    default:
      return null;
  }
}

/** What happened to a pull request; whose words they are where others wrote them. */
function pullWords(data: Extract<SessionEvent, { type: "pull_request" }>["data"]): Words {
  const { number, url, action, subject, state, detail } = data;
  const name = `pull request #${number}`;
  const stands = state?.replaceAll("_", " ") ?? "changed";
  const words: Record<string, string> = {
    conflicts: `Pull request #${number} conflicts with its base`,
    mergeable: `Pull request #${number} can be merged again`,
    draft: `Pull request #${number} is a draft`,
    ready: `Pull request #${number} is ready for review`,
    check: `Check ${subject ?? ""} on ${name}: ${stands}`,
    review: `Review of ${name} by ${subject ?? "somebody"}: ${stands}`,
    comment: `${subject ?? "Somebody"} commented on ${name}`,
  };
  return {
    mark: "pull",
    text: words[action] ?? `Pull request #${number} ${action}`,
    ...(detail && { more: detail }),
    link: url,
  };
}
