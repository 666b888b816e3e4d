/** The next step after a session that did not come to its end, as a button. Layer: components. */
import { RotateCcw } from "lucide-react";
import type { Wire } from "@/api/client";
import { nextStep } from "@/lib/next-step";
import { Button, ButtonLink } from "./ui/button";
import { Icon } from "./ui/icon";
import { useRerun } from "./use-rerun";

/** The button: another run, or the page where the cause is mended. */
export function NextStepButton({
  session,
  size = "small",
}: {
  session: Wire<"Session">;
  size?: "small" | "medium";
}) {
  const step = nextStep(session);
  if (step.to === "rerun") return <RunAgain session={session} size={size} />;
  return (
    <ButtonLink size={size} to={step.to} className="min-w-24">
      {step.name}
    </ButtonLink>
  );
}

function RunAgain({ session, size }: { session: Wire<"Session">; size: "small" | "medium" }) {
  const rerun = useRerun(session.id);
  return (
    <Button size={size} className="min-w-24" onClick={() => rerun.mutate()} busy={rerun.isPending}>
      <Icon of={RotateCcw} className="size-3.5" />
      Run again
    </Button>
  );
}
