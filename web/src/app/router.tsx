/** Every address of the web UI, and the page it shows. Each page is loaded when it is wanted. Layer: app. */
import type { QueryClient } from "@tanstack/react-query";
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { type JSX, Suspense } from "react";
import { PageSkeleton } from "@/components/ui/skeleton";
import { Broken } from "./broken";
import { Frame } from "./frame/frame";
import { NotFoundPage } from "./not-found";

const root = createRootRoute({ component: Frame, notFoundComponent: NotFoundPage });
const parent = () => root;

const inbox = createRoute({
  getParentRoute: parent,
  path: "/",
  component: lazyRouteComponent(() => import("@/features/inbox/inbox-page"), "InboxPage"),
});

const newTask = createRoute({
  getParentRoute: parent,
  path: "/new",
  validateSearch: (search: Record<string, unknown>) => texts(search, ["repo", "prompt", "agent", "policy"]),
  component: lazyRouteComponent(() => import("@/features/new-task/new-task-page"), "NewTaskPage"),
});

const sessions = createRoute({
  getParentRoute: parent,
  path: "/sessions",
  validateSearch: (search: Record<string, unknown>) =>
    texts(search, ["status", "agent", "policy", "repo", "q"]),
  component: lazyRouteComponent(() => import("@/features/sessions/sessions-page"), "SessionsPage"),
});

const SessionPage = lazyRouteComponent(() => import("@/features/session/session-page"), "SessionPage");
const session = createRoute({
  getParentRoute: parent,
  path: "/sessions/$sessionId",
  component: withPreload(function Session() {
    const { sessionId } = session.useParams();
    return (
      <Suspense fallback={<PageSkeleton />}>
        <SessionPage key={sessionId} id={sessionId} />
      </Suspense>
    );
  }, SessionPage),
});

const pulls = createRoute({
  getParentRoute: parent,
  path: "/pulls",
  component: lazyRouteComponent(() => import("@/features/pulls/pulls-page"), "PullsPage"),
});

const PullPage = lazyRouteComponent(() => import("@/features/pulls/pull-page"), "PullPage");
const pull = createRoute({
  getParentRoute: parent,
  path: "/pulls/$number",
  component: withPreload(function Pull() {
    const { number } = pull.useParams();
    return (
      <Suspense fallback={<PageSkeleton />}>
        <PullPage key={number} number={Number(number)} />
      </Suspense>
    );
  }, PullPage),
});

const agents = createRoute({
  getParentRoute: parent,
  path: "/agents",
  component: lazyRouteComponent(() => import("@/features/agents/agents-page"), "AgentsPage"),
});

const repositories = createRoute({
  getParentRoute: parent,
  path: "/repositories",
  component: lazyRouteComponent(
    () => import("@/features/repositories/repositories-page"),
    "RepositoriesPage",
  ),
});

const settings = createRoute({
  getParentRoute: parent,
  path: "/settings",
  component: lazyRouteComponent(() => import("@/features/settings/settings-page"), "SettingsPage"),
});

const doctor = createRoute({
  getParentRoute: parent,
  path: "/doctor",
  component: lazyRouteComponent(() => import("@/features/doctor/doctor-page"), "DoctorPage"),
});

const login = createRoute({
  getParentRoute: parent,
  path: "/login",
  validateSearch: (search: Record<string, unknown>) => texts(search, ["code", "to"]),
  component: lazyRouteComponent(() => import("@/features/access/login-page"), "LoginPage"),
});

const tree = root.addChildren([
  inbox,
  newTask,
  sessions,
  session,
  pulls,
  pull,
  agents,
  repositories,
  settings,
  doctor,
  login,
]);

/** Makes the router. */
export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: "intent",
    defaultPendingComponent: PageSkeleton,
    defaultPendingMs: 150,
    defaultErrorComponent: Broken,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

/** Keeps the parameters that are texts and not empty; everything else of the address is ignored. */
function texts<Name extends string>(
  search: Record<string, unknown>,
  names: Name[],
): { [key in Name]?: string } {
  const found: { [key in Name]?: string } = {};
  for (const name of names) {
    const value = search[name];
    if (typeof value === "string" && value !== "") found[name] = value;
    else if (typeof value === "number") found[name] = String(value);
  }
  return found;
}

/** A route's component that loads another when its link is pointed at. */
function withPreload(component: () => JSX.Element, lazy: { preload?: () => Promise<void> | undefined }) {
  return Object.assign(component, lazy.preload && { preload: lazy.preload });
}
