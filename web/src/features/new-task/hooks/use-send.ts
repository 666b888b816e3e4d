/** Sends a draft. Pressed twice, or tried again after a lost answer, it makes one session. Layer: feature. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client, take, type Wire } from "@/api/client";
import { keys } from "@/api/queries";
import { useOnce } from "@/api/use-once";
import { type Draft, toRequest } from "../draft";

/** Creates the session; `onSent` is told of it. */
export function useSend(onSent: (session: Wire<"Session">) => void) {
  const queries = useQueryClient();
  const once = useOnce();
  return useMutation({
    mutationFn: (draft: Draft) => {
      const body = toRequest(draft);
      return take(client.POST("/api/sessions", { params: { header: once.header(body) }, body }));
    },
    onSuccess: (session) => {
      once.done();
      queries.setQueryData(keys.session(session.id), session);
      void queries.invalidateQueries({ queryKey: keys.sessions });
      onSent(session);
    },
  });
}
