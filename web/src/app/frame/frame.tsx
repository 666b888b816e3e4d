/** What stands around every page: rail or bottom bar, keys, palette, news, sign-in. Layer: app.
 *
 *  When access ends while a page is open, the sign-in comes over it; the page and what was typed into it stay. */
import { useQuery } from "@tanstack/react-query";
import { Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from "react";
import { signedIn, useAccess } from "@/api/access";
import { useConnection, useLiveLists } from "@/api/live/changes";
import { useTabs } from "@/api/live/tabs";
import { inboxQuery, meQuery } from "@/api/queries";
import { Late } from "@/components/ui/late";
import { PageSkeleton } from "@/components/ui/skeleton";
import { ErrorState } from "@/components/ui/states";
import { Toasts } from "@/components/ui/toast";
import { count } from "@/lib/format";
import { moveRow, useKeyboard, useShortcuts } from "@/lib/shortcuts";
import { useKept } from "@/lib/storage";
import { useAppliedTheme } from "@/lib/theme";
import { daily, setup } from "./places";
import { BottomBar, Rail } from "./rail";
import { RailFoot } from "./rail-foot";

const Palette = lazy(() => import("./palette"));
const SignInPage = lazy(() => import("./sign-in-page"));
const SignInAgain = lazy(() => import("./sign-in-again"));
const KeyHelp = lazy(() => import("./key-help"));

/** The frame. */
export function Frame() {
  useAppliedTheme();
  useKeyboard();
  useTabs();
  const me = useQuery(meQuery);
  const access = useAccess();
  // Another tab signed in again: its cookie is ours, too.
  const known = me.data !== undefined && !me.data.loginRequired;
  const since = me.dataUpdatedAt;
  useEffect(() => {
    if (known && since > 0) signedIn();
  }, [known, since]);
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  if (pathname === "/login") return <Bare />;
  if (me.data?.loginRequired) {
    return (
      <Suspense fallback={null}>
        <SignInPage />
      </Suspense>
    );
  }
  if (me.isPending) return <Around live={false}>{<PageSkeleton />}</Around>;
  if (me.data === undefined) {
    return (
      <Around live={false}>
        <div className="px-4 py-4 md:px-6">
          <ErrorState error={me.error} onRetry={() => void me.refetch()} busy={me.isFetching} />
        </div>
      </Around>
    );
  }
  return (
    <Around live={access !== "out"}>
      <Outlet />
      {access === "out" && (
        <Late fallback={null}>
          <SignInAgain />
        </Late>
      )}
    </Around>
  );
}

function Bare() {
  return (
    <>
      <Outlet />
      <Toasts />
    </>
  );
}

function Around({ live, children }: { live: boolean; children: ReactNode }) {
  const navigate = useNavigate();
  const [slim, setSlim] = useKept("rail-slim", false);
  const [open, setOpen] = useState<"palette" | "keys" | null>(null);
  const main = useFocusOnArrival();
  useLiveLists(live);
  const group = "Everywhere";
  useShortcuts([
    { keys: "c", does: "New task", group, run: () => void navigate({ to: "/new" }) },
    {
      keys: "mod+k",
      does: "Find a session or a command",
      group,
      run: () => setOpen("palette"),
      always: true,
    },
    { keys: "?", does: "Show the keys", group, run: () => setOpen("keys") },
    ...[...daily, ...setup].map((place) => ({
      keys: place.keys ?? "",
      does: `Go to ${place.name}`,
      group,
      run: () => void navigate({ to: place.to }),
    })),
    { keys: "j", does: "Next row", group: "Lists", run: () => moveRow(1) },
    { keys: "k", does: "Previous row", group: "Lists", run: () => moveRow(-1) },
  ]);
  return (
    <div className="flex min-h-dvh">
      <a
        href="#main"
        className="fixed top-2 left-2 z-70 -translate-y-20 rounded-md bg-accent px-3 py-2 font-medium text-on-accent focus:translate-y-0"
      >
        Skip to the page
      </a>
      <Rail
        slim={slim}
        onToggle={() => setSlim(!slim)}
        foot={<RailFoot slim={slim} onFind={() => setOpen("palette")} onKeys={() => setOpen("keys")} />}
      />
      <div className="flex min-w-0 flex-1 flex-col">
        <ConnectionNote live={live} />
        <Waiting />
        <main ref={main} id="main" tabIndex={-1} className="min-w-0 flex-1 pb-14 outline-none md:pb-0">
          {children}
        </main>
      </div>
      <BottomBar />
      <Toasts />
      {open !== null && (
        <Late key={open} fallback={null} onGone={() => setOpen(null)}>
          {open === "palette" && <Palette onClose={() => setOpen(null)} onKeys={() => setOpen("keys")} />}
          {open === "keys" && <KeyHelp onClose={() => setOpen(null)} />}
        </Late>
      )}
    </div>
  );
}

/** Says to screen readers that something waits for a person, whatever page they are on. */
function Waiting() {
  const { data: waiting = 0 } = useQuery({ ...inboxQuery, select: (inbox) => inbox.waiting.length });
  return (
    <p role="status" className="sr-only">
      {waiting > 0 && `${count(waiting, "request")} ${waiting === 1 ? "waits" : "wait"} for you`}
    </p>
  );
}

/** One line while the server cannot be heard; what is shown stays. */
function ConnectionNote({ live }: { live: boolean }) {
  const connection = useConnection();
  const lost = live && connection === "reconnecting";
  // A connection that is back within two seconds is not worth a word.
  const [said, setSaid] = useState(false);
  useEffect(() => {
    if (!lost) return setSaid(false);
    const timer = setTimeout(() => setSaid(true), 2000);
    return () => clearTimeout(timer);
  }, [lost]);
  return (
    <div role="status" className="sticky top-0 z-20">
      {said && (
        <p className="border-n5 border-b bg-wait-soft px-4 py-1 text-sm md:px-6">
          Reconnecting… What you see is the last that was known.
        </p>
      )}
    </div>
  );
}

/** Moves the focus to the page after each change of place, so that keyboards and screen readers begin there. */
function useFocusOnArrival() {
  const main = useRef<HTMLElement>(null);
  const pathname = useRouterState({
    select: (state) => state.resolvedLocation?.pathname ?? state.location.pathname,
  });
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    if (document.activeElement === document.body || !main.current?.contains(document.activeElement)) {
      main.current?.focus({ preventScroll: true });
    }
  }, [pathname]);
  return main;
}
