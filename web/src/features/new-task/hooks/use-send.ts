/** Sends a draft. Pressed twice, or tried again after a lost answer, it makes one session. Layer: feature. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { client, take } from "@/api/client";
import { keys } from "@/api/queries";
import { unique } from "@/lib/unique";
import { type Draft, toRequest } from "../draft";

/** Creates the session and goes there. `onSent` is told before. */
export function useSend(onSent: () => void) {
  const queries = useQueryClient();
  const navigate = useNavigate();
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
      onSent();
      queries.setQueryData(keys.session(session.id), session);
      void queries.invalidateQueries({ queryKey: keys.sessions });
      void navigate({ to: "/sessions/$sessionId", params: { sessionId: session.id } });
    },
  });
}
