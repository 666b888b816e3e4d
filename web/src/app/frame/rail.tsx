/** The left rail at desk width, the bottom bar on a phone. Layer: app. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Inbox, ListTree, Menu as MenuIcon, PanelLeft, Plus } from "lucide-react";
import { lazy, type ReactNode } from "react";
import { inboxQuery } from "@/api/queries";
import { ButtonLink, IconButton } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { Late, useEarly } from "@/components/ui/late";
import { cx } from "@/lib/classes";
import { daily, type Place, setup } from "./places";

const MoreMenu = lazy(() => import("./more-menu"));

/** How many decisions wait, and how much is unread. */
function useCounts() {
  const { data } = useQuery(inboxQuery);
  return {
    waiting: data?.waiting.length ?? 0,
    unread: data?.finished.filter((entry) => entry.unread).length ?? 0,
  };
}

function Entry({
  place,
  slim,
  count,
}: {
  place: Place;
  slim: boolean;
  count?: { number: number; urgent: boolean };
}) {
  return (
    <Link
      to={place.to}
      activeOptions={{ exact: place.to === "/" }}
      title={slim ? place.name : undefined}
      className={cx(
        "relative flex h-8 items-center gap-2.5 rounded-md px-2.5 font-medium text-n11 text-sm transition-colors duration-[var(--quick)] hover:bg-n3 hover:text-n12",
        slim && "justify-center px-0",
      )}
      activeProps={{ className: "bg-n4 text-n12", "aria-current": "page" }}
    >
      <Icon of={place.icon} />
      <span className={slim ? "sr-only" : "truncate"}>{place.name}</span>
      {count !== undefined && count.number > 0 && (
        <span
          className={cx(
            "tabular rounded-full px-1.5 text-xs",
            slim ? "absolute top-0.5 right-1 size-2 overflow-hidden px-0 text-transparent" : "ml-auto",
            count.urgent ? "bg-wait-soft text-wait" : "text-n11",
            slim && (count.urgent ? "bg-wait" : "bg-n9"),
          )}
        >
          {count.number}
          <span className="sr-only">{count.urgent ? " waiting for you" : " unread"}</span>
        </span>
      )}
    </Link>
  );
}

/** The rail. `slim` shows icons only. */
export function Rail({ slim, onToggle, foot }: { slim: boolean; onToggle: () => void; foot: ReactNode }) {
  const { waiting, unread } = useCounts();
  const count = { number: waiting || unread, urgent: waiting > 0 };
  return (
    <nav
      aria-label="Main"
      className={cx(
        "sticky top-0 hidden h-dvh shrink-0 flex-col gap-4 overflow-y-auto border-n5 border-r bg-n2 p-2 md:flex",
        slim ? "w-13" : "w-54",
      )}
    >
      <div className={cx("flex items-center", slim ? "flex-col gap-1" : "justify-between pl-2")}>
        {!slim && <span className="font-semibold text-base tracking-[-0.015em]">TeleCoder</span>}
        <IconButton
          label={slim ? "Widen the rail" : "Narrow the rail"}
          aria-expanded={!slim}
          onClick={onToggle}
        >
          <Icon of={PanelLeft} />
        </IconButton>
      </div>
      <ButtonLink to="/new" look="primary" className={slim ? "px-0" : "justify-start"} title="New task (c)">
        <Icon of={Plus} />
        <span className={slim ? "sr-only" : ""}>New task</span>
        {!slim && (
          <kbd
            aria-hidden
            className="ml-auto rounded-sm border border-current px-1 font-sans text-xs opacity-60"
          >
            c
          </kbd>
        )}
      </ButtonLink>
      <ul className="flex flex-col gap-0.5">
        {daily.map((place) => (
          <li key={place.to}>
            <Entry place={place} slim={slim} {...(place.to === "/" && { count })} />
          </li>
        ))}
      </ul>
      <ul className="flex flex-col gap-0.5">
        {setup.map((place) => (
          <li key={place.to}>
            <Entry place={place} slim={slim} />
          </li>
        ))}
      </ul>
      <div className="mt-auto">{foot}</div>
    </nav>
  );
}

/** The bar at a phone's lower edge. */
export function BottomBar() {
  const { waiting } = useCounts();
  const look =
    "flex h-14 flex-1 flex-col items-center justify-center gap-1 font-medium text-n11 text-xs aria-[current=page]:text-n12";
  const current = { "aria-current": "page" } as const;
  const { pressed, early } = useEarly();
  const more = (isEarly: boolean) => (
    <button type="button" className={look} {...(isEarly && early)}>
      <Icon of={MenuIcon} className="size-5" />
      More
    </button>
  );
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-30 flex border-n5 border-t bg-n2 pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      <Link to="/" activeOptions={{ exact: true }} className={look} activeProps={current}>
        <span className="relative">
          <Icon of={Inbox} className="size-5" />
          {waiting > 0 && <span className="absolute -top-0.5 -right-1 size-2 rounded-full bg-wait" />}
        </span>
        Inbox
        {waiting > 0 && <span className="sr-only">, {waiting} waiting for you</span>}
      </Link>
      <Link to="/new" className={look} activeProps={current}>
        <Icon of={Plus} className="size-5" />
        New
      </Link>
      <Link to="/sessions" className={look} activeProps={current}>
        <Icon of={ListTree} className="size-5" />
        Sessions
      </Link>
      <Late key={String(pressed)} fallback={more(true)}>
        <MoreMenu trigger={more(false)} open={pressed} />
      </Late>
    </nav>
  );
}
