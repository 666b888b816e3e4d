/** The places that do not fit into a phone's bar. Layer: app. */
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Icon } from "@/components/ui/icon";
import { Menu, MenuItem } from "@/components/ui/menu";
import { daily, setup } from "./places";

/** The menu behind its button. */
export default function MoreMenu({
  trigger,
  open,
}: {
  trigger: ReactNode;
  /** Whether its button was pressed before it was loaded. */
  open: boolean;
}) {
  const navigate = useNavigate();
  return (
    <Menu trigger={trigger} open={open}>
      {[...daily.slice(2), ...setup].map((place) => (
        <MenuItem key={place.to} onSelect={() => void navigate({ to: place.to })}>
          <Icon of={place.icon} className="mt-0.5" />
          {place.name}
        </MenuItem>
      ))}
    </Menu>
  );
}
