/** The whole change, with comments that go to the agent; while there is none yet, what the agent says it edited. Layer: feature. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Wire } from "@/api/client";
import { filesQuery } from "@/api/queries";
import { type Place, placeName } from "@/components/diff/comment-form";
import { DiffView } from "@/components/diff/diff-view";
import { SmallDiff } from "@/components/diff/small-diff";
import { isActive } from "@/components/status";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { EmptyState, QueryView } from "@/components/ui/states";
import { toastDone } from "@/components/ui/toast";
import { diffQuery, useSend } from "../api/actions";
import type { Item, Tool } from "../timeline/items";

/** Edits that are shown before the change is taken over. */
const MOST_EDITS = 12;

/** The pane. */
export function DiffPane({
  session,
  items,
  active,
}: {
  session: Wire<"Session">;
  items: readonly Item[];
  active: boolean;
}) {
  const queries = useQueryClient();
  const version = session.headSha ?? "";
  const diff = useQuery(diffQuery(session.id, version));
  const send = useSend(session.id);
  const comment = async (place: Place, words: string) => {
    await send.mutateAsync({ content: `About ${placeName(place)}:\n\n${words}` });
    toastDone("Sent to the agent");
  };
  const text = async (path: string) => {
    const found = await queries.fetchQuery({ ...filesQuery(session.id, path, version), staleTime: 60_000 });
    return found.kind === "file" ? found.text : null;
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <QueryView query={diff} skeleton={<RowsSkeleton rows={10} label="Loading the change" />}>
        {(found) =>
          found.files.length === 0 ? (
            <NoChange session={session} items={items} />
          ) : (
            <DiffView diff={found} name={session.id} onComment={comment} onText={text} active={active} />
          )
        }
      </QueryView>
    </div>
  );
}

function NoChange({ session, items }: { session: Wire<"Session">; items: readonly Item[] }) {
  const works = isActive(session.status);
  const edits = works ? items.filter((item): item is Tool => item.type === "tool").flatMap(editsOf) : [];
  if (edits.length > 0)
    return (
      <div
        className="min-h-0 flex-1 overflow-auto px-4 py-4 md:px-6"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: many edits are scrolled by keys.
        tabIndex={0}
      >
        <h2 className="font-semibold text-base">Edits so far</h2>
        <p className="mt-1 mb-4 text-n11 text-sm">
          As {session.agent} tells them, newest first. What really changed is taken over when the turn has
          ended.
        </p>
        <ul className="flex flex-col gap-3">
          {edits
            .slice(-MOST_EDITS)
            .reverse()
            .map((edit) => (
              <li key={edit.key}>
                <SmallDiff path={edit.path} before={edit.oldText} after={edit.newText} />
              </li>
            ))}
        </ul>
      </div>
    );
  return (
    <div className="px-4 md:px-6">
      <EmptyState title={works ? "No change yet" : "No change"}>
        {works
          ? "The change appears here when the turn has ended."
          : session.policy.workspace === "keep"
            ? "The session left every file as it was."
            : `Policy ${session.policy.name} keeps no change.`}
      </EmptyState>
    </div>
  );
}

const editsOf = (tool: Tool) =>
  (tool.call.diffs ?? []).map((diff, at) => ({ ...diff, key: `${tool.key}/${at}` }));
