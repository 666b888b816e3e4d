/** Removes a session, after saying what goes with it and what stays. Layer: feature. */
import { useNavigate } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import type { Wire } from "@/api/client";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Icon } from "@/components/ui/icon";
import { ErrorState } from "@/components/ui/states";
import { toastDone } from "@/components/ui/toast";
import { Words } from "@/components/words";
import { shownOnOneLine } from "@/lib/text/harmless";
import { useRemove } from "../api/actions";

/** The dialog. */
export function RemoveDialog({ session, onClose }: { session: Wire<"Session">; onClose: () => void }) {
  const navigate = useNavigate();
  const remove = useRemove(session.id, () => {
    toastDone(`Removed “${shownOnOneLine(session.title.slice(0, 80))}”`);
    void navigate({ to: "/sessions" });
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title="Remove this session?"
      description="There is no way back: nothing of it can be restored."
    >
      <div className="flex flex-col gap-3 text-sm">
        <p className="font-medium" dir="auto">
          <Words text={session.title} />
        </p>
        <p className="text-n11">
          Its log, its outcome, its workspace and whatever it has not published are deleted.{" "}
          {session.prNumber !== null && `Pull request #${session.prNumber} stays as it is. `}
          The repository itself is not touched.
        </p>
        {remove.isError && <ErrorState error={remove.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Keep it</Button>
          <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            <Icon of={Trash2} />
            Remove the session
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
