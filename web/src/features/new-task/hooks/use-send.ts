/** Sends a draft. Pressed twice, or tried again after a lost answer, it makes one session. Layer: feature. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { client, take, type Wire } from "@/api/client";
import { keys } from "@/api/queries";
import { unique } from "@/lib/unique";
import { type Draft, toRequest } from "../draft";

/** Creates the session; `onSent` is told of it. */
export function useSend(onSent: (session: Wire<"Session">) => void) {
  const queries = useQueryClient();
  const sent = useRef({ body: "", key: "" });
  return useMutation({
    mutationFn: (draft: Draft) => {
      const body = toRequest(draft);
      const text = JSON.stringify(body);
      if (sent.current.body !== text) sent.current = { body: text, key: unique() };
      return take(
        client.POST("/api/sessions", { params: { header: { "Idempotency-Key": sent.current.key } }, body }),
      );
    },
    onSuccess: (session) => {
      queries.setQueryData(keys.session(session.id), session);
      void queries.invalidateQueries({ queryKey: keys.sessions });
      onSent(session);
    },
  });
}
