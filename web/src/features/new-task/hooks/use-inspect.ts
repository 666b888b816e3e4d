/** Looks at a repository before work begins, once somebody has stopped typing its name. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { client, take } from "@/api/client";

/** What the repository looks like; nothing is asked for an empty name. */
export function useInspect(repo: string) {
  const name = repo.trim();
  return useQuery({
    queryKey: ["inspect", name],
    queryFn: ({ signal }) => take(client.POST("/api/repositories/inspect", { body: { repo: name }, signal })),
    enabled: name !== "",
    retry: false,
    staleTime: 30_000,
  });
}
