/** The next step after a session that did not come to its end, as a button. Layer: components. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { RotateCcw } from "lucide-react";
import { client, take, type Wire } from "@/api/client";
import { refreshSession } from "@/api/queries";
import { nextStep } from "@/lib/next-step";
import { Button, ButtonLink } from "./ui/button";
import { Icon } from "./ui/icon";
import { toastFailed } from "./ui/toast";

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
  const queries = useQueryClient();
  const navigate = useNavigate();
  const rerun = useMutation({
    mutationFn: () => take(client.POST("/api/sessions/{id}/rerun", { params: { path: { id: session.id } } })),
    onSuccess: (next) => {
      refreshSession(queries, session.id);
      void navigate({ to: "/sessions/$sessionId", params: { sessionId: next.id } });
    },
    onError: toastFailed,
  });
  return (
    <Button size={size} className="min-w-24" onClick={() => rerun.mutate()} busy={rerun.isPending}>
      <Icon of={RotateCcw} className="size-3.5" />
      Run again
    </Button>
  );
}
