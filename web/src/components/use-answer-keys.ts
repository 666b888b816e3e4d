/** `a` and `d` answer the card that has the focus, or the first one. Layer: components. */
import { useShortcuts } from "@/lib/shortcuts";

function press(which: "approve" | "deny"): void {
  const focused = document.activeElement?.closest("[data-approval]");
  const card = focused ?? document.querySelector("[data-approval]");
  const button = card?.querySelector<HTMLElement>(`[data-answer="${which}"]`);
  if (button == null) return;
  // A card that has not got the focus gets it first, so that nobody answers what they did not look at.
  if (focused == null) card?.querySelector<HTMLElement>("[data-row]")?.focus();
  else button.click();
}

/** Binds the keys; `group` is the heading under which they are listed. */
export function useAnswerKeys(group: string): void {
  useShortcuts([
    { keys: "a", does: "Approve the chosen request", group, run: () => press("approve") },
    { keys: "d", does: "Deny the chosen request", group, run: () => press("deny") },
  ]);
}
