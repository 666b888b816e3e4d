/** The menu of who is signed in: theme, keys, sign out. Layer: app. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Keyboard, LogOut, Monitor, Moon, Sun } from "lucide-react";
import type { ReactNode } from "react";
import { client, take } from "@/api/client";
import { tellTabs } from "@/api/live/tabs";
import { keys, meQuery } from "@/api/queries";
import { Icon } from "@/components/ui/icon";
import { Menu, MenuItem, MenuLine } from "@/components/ui/menu";
import { toastFailed } from "@/components/ui/toast";
import { chooseTheme, type Theme, useTheme } from "@/lib/theme";

const themes: { theme: Theme; name: string; icon: typeof Moon }[] = [
  { theme: "dark", name: "Dark theme", icon: Moon },
  { theme: "light", name: "Light theme", icon: Sun },
  { theme: "system", name: "Theme of the system", icon: Monitor },
];

/** The menu behind its button. */
export default function UserMenu({
  trigger,
  open,
  onKeys,
}: {
  trigger: ReactNode;
  /** Whether its button was pressed before it was loaded. */
  open: boolean;
  onKeys: () => void;
}) {
  const me = useQuery(meQuery);
  const queries = useQueryClient();
  const theme = useTheme();
  const signOut = async () => {
    try {
      await take(client.POST("/api/logout"));
      queries.removeQueries({ predicate: (query) => query.queryKey[0] !== keys.me[0] });
      await queries.refetchQueries({ queryKey: keys.me });
      tellTabs();
    } catch (error) {
      toastFailed(error);
    }
  };
  return (
    <Menu align="start" trigger={trigger} open={open}>
      {themes.map((each) => (
        <MenuItem key={each.theme} onSelect={() => chooseTheme(each.theme)}>
          <Icon of={each.icon} className="mt-0.5" />
          {each.name}
          {theme === each.theme && <span className="ml-auto pl-3 text-n11">in use</span>}
        </MenuItem>
      ))}
      <MenuLine />
      <MenuItem onSelect={onKeys}>
        <Icon of={Keyboard} className="mt-0.5" />
        Keys
      </MenuItem>
      {me.data?.how === "cookie" && (
        <MenuItem onSelect={() => void signOut()}>
          <Icon of={LogOut} className="mt-0.5" />
          Sign out
        </MenuItem>
      )}
    </Menu>
  );
}
