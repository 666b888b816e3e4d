/** Local pull requests: what is loaded, and what is done with them. Layer: feature. */
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { client, take, takePage, type Wire } from "@/api/client";
import { keys, refreshSession } from "@/api/queries";

/** Pull requests, newest first, page by page. */
export const pullsQuery = (state: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.pulls, "list", state],
    queryFn: ({ pageParam, signal }) =>
      takePage(
        client.GET("/api/pulls", {
          params: {
            query: {
              limit: 50,
              ...(state !== "" && { state }),
              ...(pageParam !== null && { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });

/** One pull request. */
export const pullQuery = (number: number) =>
  queryOptions({
    queryKey: [...keys.pulls, number],
    queryFn: ({ signal }) =>
      take(client.GET("/api/pulls/{number}", { params: { path: { number } }, signal })),
  });

/** Its change: that of its session. */
export const pullDiffQuery = (pull: Wire<"Pull">) =>
  queryOptions({
    queryKey: [...keys.pulls, pull.number, "diff", pull.headSha],
    queryFn: ({ signal }) =>
      take(
        client.GET("/api/sessions/{id}/diff", { params: { path: { id: pull.sessionId } }, signal }),
      ) as Promise<Wire<"Diff">>,
  });

/** Merges or closes one. */
export function useEnd(pull: Wire<"Pull">) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (how: "merge" | "close") => {
      const params = { path: { number: pull.number } };
      return take(
        how === "merge"
          ? client.POST("/api/pulls/{number}/merge", { params })
          : client.POST("/api/pulls/{number}/close", { params }),
      );
    },
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: keys.pulls });
      refreshSession(queries, pull.sessionId);
    },
  });
}
