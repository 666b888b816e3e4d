/** The menu of what is done with a session now and then. Layer: feature. */
import { Download, Link2, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import type { Wire } from "@/api/client";
import { Icon } from "@/components/ui/icon";
import { Menu, MenuItem, MenuLine } from "@/components/ui/menu";
import { toastDone, toastFailed } from "@/components/ui/toast";
import { useTextLog } from "../hooks/use-text-log";

/** The menu behind its button. */
export default function MoreActions({
  session,
  ended,
  trigger,
  open,
  onRemove,
}: {
  session: Wire<"Session">;
  ended: boolean;
  trigger: ReactNode;
  /** Whether its button was pressed before it was loaded. */
  open: boolean;
  onRemove: () => void;
}) {
  const log = useTextLog(session.id);
  const copyLink = () =>
    navigator.clipboard
      .writeText(`${location.origin}/sessions/${session.id}`)
      .then(() => toastDone("The link is copied"), toastFailed);
  return (
    <Menu trigger={trigger} open={open}>
      <MenuItem onSelect={() => void copyLink()}>
        <Icon of={Link2} className="mt-0.5" />
        Copy the link
      </MenuItem>
      <MenuItem onSelect={() => log.save.mutate()}>
        <Icon of={Download} className="mt-0.5" />
        Download the log
      </MenuItem>
      <MenuLine />
      <MenuItem danger={ended} disabled={!ended} onSelect={onRemove}>
        <Icon of={Trash2} className="mt-0.5" />
        <span>
          Remove…
          {!ended && <span className="block text-n11 text-xs">Stop it first</span>}
        </span>
      </MenuItem>
    </Menu>
  );
}
