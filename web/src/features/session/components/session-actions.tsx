/** What can be done with a session, beside its title. Layer: feature. */
import { Ellipsis, GitPullRequest, MessageSquare, RotateCcw, Square } from "lucide-react";
import { lazy, useState } from "react";
import type { Wire } from "@/api/client";
import { Button, IconButton } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Icon } from "@/components/ui/icon";
import { Late, useEarly } from "@/components/ui/late";
import { useRerun } from "@/components/use-rerun";
import { useStop } from "../api/actions";
import { PublishDialog } from "./publish-dialog";
import { RemoveDialog } from "./remove-dialog";

const MoreActions = lazy(() => import("./more-actions"));

/** The buttons, and the dialogs behind them. */
export function SessionActions({ session, className }: { session: Wire<"Session">; className?: string }) {
  const rerun = useRerun(session.id);
  const [asks, setAsks] = useState<"stop" | "publish" | "remove" | null>(null);
  const close = () => setAsks(null);
  const ended = ["complete", "error", "stopped"].includes(session.status);
  const published = session.prNumber !== null;
  const mayPublish =
    ended && session.policy.publish !== "never" && session.diffStat !== null && session.diffStat.files > 0;
  return (
    <div className={className}>
      {!ended && (
        <Button look="danger" onClick={() => setAsks("stop")}>
          <Icon of={Square} />
          Stop
        </Button>
      )}
      <span className="hidden lg:block">
        <Button title="Write to the agent (m)" onClick={() => document.getElementById("composer")?.focus()}>
          <Icon of={MessageSquare} />
          Message
        </Button>
      </span>
      {ended && (
        <Button busy={rerun.isPending} onClick={() => rerun.mutate()}>
          <Icon of={RotateCcw} />
          Rerun
        </Button>
      )}
      {mayPublish && (
        <Button look={published ? "plain" : "primary"} onClick={() => setAsks("publish")}>
          <Icon of={GitPullRequest} />
          {published ? "Publish again" : "Publish"}
        </Button>
      )}
      <More session={session} ended={ended} onRemove={() => setAsks("remove")} />
      {asks === "stop" && <StopDialog session={session.id} onClose={close} />}
      {asks === "publish" && <PublishDialog session={session} onClose={close} />}
      {asks === "remove" && <RemoveDialog session={session} onClose={close} />}
    </div>
  );
}

/** The rest, behind one button; its menu is loaded after the page. */
function More({
  session,
  ended,
  onRemove,
}: {
  session: Wire<"Session">;
  ended: boolean;
  onRemove: () => void;
}) {
  const { pressed, early } = useEarly();
  const button = (isEarly: boolean) => (
    <IconButton label="More actions" className="ml-auto md:ml-0" {...(isEarly && early)}>
      <Icon of={Ellipsis} />
    </IconButton>
  );
  return (
    <Late key={String(pressed)} fallback={button(true)}>
      <MoreActions
        session={session}
        ended={ended}
        trigger={button(false)}
        open={pressed}
        onRemove={onRemove}
      />
    </Late>
  );
}

function StopDialog({ session, onClose }: { session: string; onClose: () => void }) {
  const stop = useStop(session);
  return (
    <Dialog
      open
      onClose={onClose}
      title="Stop this session?"
      description="The agent ends now. What it changed so far is kept and can be looked at."
    >
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Keep it going</Button>
        <Button
          look="danger"
          busy={stop.isPending}
          onClick={() => stop.mutate(undefined, { onSettled: onClose })}
        >
          Stop the session
        </Button>
      </div>
    </Dialog>
  );
}
