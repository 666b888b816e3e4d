/** Answers what an agent asks. The first answer wins, whoever gives it. Layer: api. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client, take, type Wire } from "./client";
import { asApiError } from "./errors";
import { refreshSession } from "./queries";

/** An answer, and whether somebody else was quicker. */
export interface Answered {
  approval: Wire<"Approval"> | null;
  late: boolean;
}

/** Approves or denies. An approval that was answered meanwhile is no failure: the page then shows that answer. */
export function useAnswer(approval: Pick<Wire<"Approval">, "id" | "sessionId">) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (answer: { decision: "approve" | "deny"; note?: string }): Promise<Answered> => {
      try {
        const given = await take(
          client.POST("/api/approvals/{id}", { params: { path: { id: approval.id } }, body: answer }),
        );
        return { approval: given, late: false };
      } catch (error) {
        if (asApiError(error).status === 409) return { approval: null, late: true };
        throw error;
      }
    },
    onSettled: () => refreshSession(queries, approval.sessionId),
  });
}
