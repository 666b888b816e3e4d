/** The whole change, with comments that go to the agent. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import type { Wire } from "@/api/client";
import { type Place, placeName } from "@/components/diff/comment-form";
import { DiffView } from "@/components/diff/diff-view";
import { isActive } from "@/components/status";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { EmptyState, QueryView } from "@/components/ui/states";
import { toastDone } from "@/components/ui/toast";
import { diffQuery, useSend } from "../api/actions";

/** The pane. */
export function DiffPane({ session }: { session: Wire<"Session"> }) {
  const diff = useQuery(diffQuery(session.id, session.headSha ?? ""));
  const send = useSend(session.id);
  const comment = async (place: Place, words: string) => {
    await send.mutateAsync({ content: `About ${placeName(place)}:\n\n${words}` });
    toastDone("Sent to the agent");
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <QueryView query={diff} skeleton={<RowsSkeleton rows={10} label="Loading the change" />}>
        {(found) =>
          found.files.length === 0 ? (
            <div className="px-4">
              <EmptyState title={isActive(session.status) ? "No change yet" : "No change"}>
                {isActive(session.status)
                  ? "The change appears here when the turn has ended."
                  : session.policy.workspace === "keep"
                    ? "The session left every file as it was."
                    : `Policy ${session.policy.name} keeps no change.`}
              </EmptyState>
            </div>
          ) : (
            <DiffView diff={found} name={session.id} onComment={comment} />
          )
        }
      </QueryView>
    </div>
  );
}
