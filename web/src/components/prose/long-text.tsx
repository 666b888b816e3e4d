/** Plain foreign text, its head first, more when somebody asks. Layer: components. */
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { cx } from "@/lib/classes";
import { bytes } from "@/lib/format";
import { cut } from "@/lib/text/cut";
import { shown } from "@/lib/text/harmless";

const STEP = 20_000;

/** The text. */
export function LongText({ text, className }: { text: string; className?: string }) {
  const [most, setMost] = useState(STEP);
  const { text: head, rest } = cut(text, most);
  return (
    <>
      <pre className={cx("whitespace-pre-wrap wrap-anywhere text-xs leading-5", className)} dir="auto">
        {shown(head)}
      </pre>
      {rest > 0 && (
        <Button size="small" look="quiet" onClick={() => setMost(most * 4)}>
          Show more ({bytes(rest)} left)
        </Button>
      )}
    </>
  );
}
