/** Copies text to the clipboard. Layer: components. */
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "./ui/button";
import { Icon } from "./ui/icon";
import { toastFailed } from "./ui/toast";

/** A button that copies `text`; `what` names it (`Copy token`). */
export function CopyButton({
  text,
  what,
  size = "small",
}: {
  text: string | (() => string | Promise<string>);
  what: string;
  size?: "small" | "medium";
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    let words: string;
    try {
      words = typeof text === "function" ? await text() : text;
    } catch (error) {
      return toastFailed(error);
    }
    try {
      await navigator.clipboard.writeText(words);
      setCopied(true);
    } catch {
      toastFailed(new Error("The browser does not let this page copy. Select the text and copy it by hand."));
    }
  };
  return (
    <Button size={size} look="quiet" onClick={() => void copy()}>
      <Icon of={copied ? Check : Copy} />
      <span aria-live="polite">{copied ? "Copied" : what}</span>
    </Button>
  );
}
