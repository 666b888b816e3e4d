/** Runs a task again, as a new session, and goes to it. Layer: components. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { client, take } from "@/api/client";
import { refreshSession } from "@/api/queries";
import { useOnce } from "@/api/use-once";
import { toastFailed } from "./ui/toast";

/** The rerun of a session. */
export function useRerun(id: string) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const once = useOnce();
  return useMutation({
    mutationFn: () => {
      const params = { path: { id }, header: once.header(id) };
      return take(client.POST("/api/sessions/{id}/rerun", { params }));
    },
    onSuccess: (next) => {
      once.done();
      refreshSession(queries, id);
      void navigate({ to: "/sessions/$sessionId", params: { sessionId: next.id } });
    },
    onError: toastFailed,
  });
}
