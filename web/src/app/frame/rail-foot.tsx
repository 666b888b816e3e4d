/** The foot of the rail: find, and who is signed in. Layer: app. */
import { useQuery } from "@tanstack/react-query";
import { Search, UserRound } from "lucide-react";
import { lazy } from "react";
import { meQuery } from "@/api/queries";
import { Keys } from "@/components/keys";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { Late, useEarly } from "@/components/ui/late";

// Menus come after the first paint; until then their buttons are there.
const UserMenu = lazy(() => import("./user-menu"));

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
  const look = slim ? "w-full justify-center px-0" : "w-full justify-start px-2.5 gap-2.5";
  const name = me.data?.user ?? "This browser";
  const { pressed, early } = useEarly();
  const user = (isEarly: boolean) => (
    <Button look="quiet" className={look} title={name} {...(isEarly && early)}>
      <Icon of={UserRound} />
      <span className={slim ? "sr-only" : "truncate"}>{name}</span>
    </Button>
  );
  return (
    <div className="flex flex-col gap-0.5">
      <Button look="quiet" className={look} onClick={onFind} title="Find">
        <Icon of={Search} />
        <span className={slim ? "sr-only" : ""}>Find</span>
        {!slim && <Keys keys="mod+k" className="ml-auto" />}
      </Button>
      <Late key={String(pressed)} fallback={user(true)}>
        <UserMenu trigger={user(false)} open={pressed} onKeys={onKeys} />
      </Late>
    </div>
  );
}
