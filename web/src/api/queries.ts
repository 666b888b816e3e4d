/** What the pages load, by name: one key and one call each. Layer: api. */
import { infiniteQueryOptions, type QueryClient, queryOptions } from "@tanstack/react-query";
import { client, take, takePage } from "./client";

/** The keys of the cache. What begins with the same words is refreshed together. */
export const keys = {
  me: ["me"],
  inbox: ["inbox"],
  sessions: ["sessions"],
  session: (id: string) => ["session", id],
  pulls: ["pulls"],
  agents: ["agents"],
  policies: ["policies"],
  defaults: ["defaults"],
  repositories: ["repositories"],
  config: ["config"],
  tokens: ["tokens"],
  doctor: ["doctor"],
} as const;

const LONG = 5 * 60_000;

/** Who looks, and whether somebody must sign in. */
export const meQuery = queryOptions({
  queryKey: keys.me,
  queryFn: ({ signal }) => take(client.GET("/api/me", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

/** What needs an answer, and what has ended. */
export const inboxQuery = queryOptions({
  queryKey: keys.inbox,
  queryFn: ({ signal }) => take(client.GET("/api/inbox", { params: { query: { limit: 60 } }, signal })),
});

/** Which sessions a list shows. Empty fields do not narrow it. */
export interface SessionFilter {
  status?: string | undefined;
  agent?: string | undefined;
  policy?: string | undefined;
  repo?: string | undefined;
  q?: string | undefined;
}

/** Sessions, newest first, page by page. */
export const sessionsQuery = (filter: SessionFilter) =>
  infiniteQueryOptions({
    queryKey: [...keys.sessions, filter],
    queryFn: ({ pageParam, signal }) =>
      takePage(
        client.GET("/api/sessions", {
          params: { query: { ...filter, limit: 50, ...(pageParam !== null && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });

/** One session. */
export const sessionQuery = (id: string) =>
  queryOptions({
    queryKey: keys.session(id),
    queryFn: ({ signal }) => take(client.GET("/api/sessions/{id}", { params: { path: { id } }, signal })),
  });

/** What stands at a path of a session's last snapshot; `version` names the snapshot. */
export const filesQuery = (id: string, path: string, version: string) =>
  queryOptions({
    queryKey: [...keys.session(id), "files", version, path],
    queryFn: ({ signal }) =>
      take(client.GET("/api/sessions/{id}/files", { params: { path: { id }, query: { path } }, signal })),
    retry: false,
  });

/** The agents that the server knows. */
export const agentsQuery = queryOptions({
  queryKey: keys.agents,
  queryFn: ({ signal }) => take(client.GET("/api/agents", { signal })),
});

/** The policies, strictest first. */
export const policiesQuery = queryOptions({
  queryKey: keys.policies,
  queryFn: ({ signal }) => take(client.GET("/api/policies", { signal })),
  staleTime: LONG,
});

/** What a task gets where its request is silent. */
export const defaultsQuery = queryOptions({
  queryKey: keys.defaults,
  queryFn: () => take(client.GET("/api/defaults")),
});

/** The repositories that sessions used. */
export const repositoriesQuery = queryOptions({
  queryKey: keys.repositories,
  queryFn: () => take(client.GET("/api/repositories")),
});

/** The settings in force, secrets masked. */
export const configQuery = queryOptions({
  queryKey: keys.config,
  queryFn: () => take(client.GET("/api/config")),
});

/** The access tokens, without their secrets. */
export const tokensQuery = queryOptions({
  queryKey: keys.tokens,
  queryFn: ({ signal }) => take(client.GET("/api/tokens", { signal })),
});

/** What works on the server's host. */
export const doctorQuery = queryOptions({
  queryKey: keys.doctor,
  queryFn: ({ signal }) => take(client.GET("/api/doctor", { signal })),
});

/** Refreshes what lists and heads show of a session. */
export function refreshSession(queries: QueryClient, id: string): void {
  void queries.invalidateQueries({ queryKey: keys.session(id), exact: true });
  void queries.invalidateQueries({ queryKey: keys.sessions });
  void queries.invalidateQueries({ queryKey: keys.inbox });
}
