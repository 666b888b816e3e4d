/** Clears the unread marks; they are gone at once and come back if the server does not agree. Layer: feature. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client, take, type Wire } from "@/api/client";
import { keys } from "@/api/queries";
import { toastFailed } from "@/components/ui/toast";

/** Marks everything as seen. */
export function useSeen() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => take(client.POST("/api/inbox/seen")),
    onMutate: async () => {
      await queries.cancelQueries({ queryKey: keys.inbox });
      const before = queries.getQueryData<Wire<"Inbox">>(keys.inbox);
      queries.setQueryData<Wire<"Inbox">>(
        keys.inbox,
        (inbox) =>
          inbox && { ...inbox, finished: inbox.finished.map((entry) => ({ ...entry, unread: false })) },
      );
      return before;
    },
    onError: (error, _, before) => {
      queries.setQueryData(keys.inbox, before);
      toastFailed(error);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: keys.inbox }),
  });
}
