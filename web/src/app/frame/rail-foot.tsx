/** The foot of the rail: find, keys, theme, who is signed in. Layer: app. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Keyboard, LogOut, Monitor, Moon, Search, Sun, UserRound } from "lucide-react";
import { keys, meQuery } from "@/api/queries";
import { call } from "@/api/soon";
import { Keys } from "@/components/keys";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { Menu, MenuItem, MenuLine } from "@/components/ui/menu";
import { toastFailed } from "@/components/ui/toast";
import { chooseTheme, type Theme, useTheme } from "@/lib/theme";

const themes: { theme: Theme; name: string; icon: typeof Moon }[] = [
  { theme: "dark", name: "Dark theme", icon: Moon },
  { theme: "light", name: "Light theme", icon: Sun },
  { theme: "system", name: "Theme of the system", icon: Monitor },
];

/** The foot. */
export function RailFoot({
  slim,
  onFind,
  onKeys,
}: {
  slim: boolean;
  onFind: () => void;
  onKeys: () => void;
}) {
  const me = useQuery(meQuery);
  const queries = useQueryClient();
  const theme = useTheme();
  const look = slim ? "w-full justify-center px-0" : "w-full justify-start px-2.5 gap-2.5";
  const signOut = async () => {
    try {
      await call("POST", "/api/logout", {});
      queries.removeQueries({ predicate: (query) => query.queryKey[0] !== keys.me[0] });
      await queries.refetchQueries({ queryKey: keys.me });
    } catch (error) {
      toastFailed(error);
    }
  };
  return (
    <div className="flex flex-col gap-0.5">
      <Button look="quiet" className={look} onClick={onFind} title="Find">
        <Icon of={Search} />
        <span className={slim ? "sr-only" : ""}>Find</span>
        {!slim && <Keys keys="mod+k" className="ml-auto" />}
      </Button>
      <Menu
        align="start"
        trigger={
          <Button look="quiet" className={look} title={me.data?.user ?? "This browser"}>
            <Icon of={UserRound} />
            <span className={slim ? "sr-only" : "truncate"}>{me.data?.user ?? "This browser"}</span>
          </Button>
        }
      >
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
    </div>
  );
}
