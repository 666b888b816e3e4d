/** What a person does with a session. Layer: feature. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { client, take, type Wire } from "@/api/client";
import { keys, refreshSession } from "@/api/queries";
import { useOnce } from "@/api/use-once";
import { toastFailed } from "@/components/ui/toast";

/** Sends a message; the queue says what becomes of it while a turn is under way. Tried again after a lost answer, it is one. */
export function useSend(id: string) {
  const queries = useQueryClient();
  const once = useOnce();
  return useMutation({
    mutationFn: (body: Wire<"NewMessage">) => {
      const params = { path: { id }, header: once.header(body) };
      return take(client.POST("/api/sessions/{id}/messages", { params, body }));
    },
    onSuccess: once.done,
    onSettled: () => {
      refreshSession(queries, id);
      void queries.invalidateQueries({ queryKey: [...keys.session(id), "messages"] });
    },
    onError: toastFailed,
  });
}

/** Stops a session. */
export function useStop(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => take(client.POST("/api/sessions/{id}/stop", { params: { path: { id } } })),
    onSettled: () => refreshSession(queries, id),
    onError: toastFailed,
  });
}

/** Gives a session a title. */
export function useRename(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (title: string) =>
      take(client.PATCH("/api/sessions/{id}", { params: { path: { id } }, body: { title } })),
    onSettled: () => refreshSession(queries, id),
    onError: toastFailed,
  });
}

/** Removes a session that has ended, with all that belongs to it. `onRemoved` is told also where the stream was quicker than
 *  the answer, and what asked for it is gone from the page. */
export function useRemove(id: string, onRemoved: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => take(client.DELETE("/api/sessions/{id}", { params: { path: { id } } })),
    onSuccess: () => {
      onRemoved();
      for (const queryKey of [keys.sessions, keys.inbox, keys.pulls, keys.repositories])
        void queries.invalidateQueries({ queryKey });
    },
  });
}

/** Opens or updates the pull request. */
export function usePublish(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Wire<"PublishRequest">) =>
      take(client.POST("/api/sessions/{id}/publish", { params: { path: { id } }, body })),
    onSettled: () => {
      refreshSession(queries, id);
      void queries.invalidateQueries({ queryKey: keys.pulls });
    },
  });
}

/** The whole change. `version` is what it belongs to, so that a new commit is a new change. */
export const diffQuery = (id: string, version: string) =>
  queryOptions({
    queryKey: [...keys.session(id), "diff", version],
    queryFn: ({ signal }) =>
      take(client.GET("/api/sessions/{id}/diff", { params: { path: { id } }, signal })) as Promise<
        Wire<"Diff">
      >,
    placeholderData: (before) => before,
  });

/** What people wrote. */
export const messagesQuery = (id: string, version: string) =>
  queryOptions({
    queryKey: [...keys.session(id), "messages", version],
    queryFn: ({ signal }) =>
      take(client.GET("/api/sessions/{id}/messages", { params: { path: { id } }, signal })),
    placeholderData: (before) => before,
  });

/** What it has used. */
export const usageQuery = (id: string, version: string) =>
  queryOptions({
    queryKey: [...keys.session(id), "usage", version],
    queryFn: ({ signal }) =>
      take(client.GET("/api/sessions/{id}/usage", { params: { path: { id } }, signal })),
    placeholderData: (before) => before,
  });

/** It and its reruns. */
export const lineageQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.session(id), "lineage"],
    queryFn: ({ signal }) =>
      take(client.GET("/api/sessions/{id}/lineage", { params: { path: { id } }, signal })),
  });

/** What publishing would do now. */
export const previewQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.session(id), "preview"],
    queryFn: ({ signal }) =>
      take(client.POST("/api/sessions/{id}/publish/preview", { params: { path: { id } }, body: {}, signal })),
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
  });
