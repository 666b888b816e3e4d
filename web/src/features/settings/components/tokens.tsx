/** Access tokens: who may call this server. A token is shown once, when it is made. Layer: feature. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { client, take, type Wire } from "@/api/client";
import { keys, tokensQuery } from "@/api/queries";
import { Ago } from "@/components/time";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Icon } from "@/components/ui/icon";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { QueryView } from "@/components/ui/states";
import { toastDone, toastFailed } from "@/components/ui/toast";
import { cx } from "@/lib/classes";
import { NewToken } from "./new-token";

/** The list, and the way to a new one. */
export function Tokens() {
  const tokens = useQuery(tokensQuery);
  const [making, setMaking] = useState(false);
  return (
    <>
      <QueryView query={tokens} skeleton={<RowsSkeleton rows={2} label="Loading the tokens" />}>
        {(all) => {
          const valid = all.filter((token) => token.revokedAt === null);
          return (
            <>
              {valid.length === 0 ? (
                <p className="py-3 text-n11">
                  No token. Programs and other machines need one to call this server.
                </p>
              ) : (
                <ul>
                  {valid.map((token) => (
                    <Row key={token.id} token={token} />
                  ))}
                </ul>
              )}
              <Button className="mt-3" onClick={() => setMaking(true)}>
                <Icon of={Plus} />
                New token
              </Button>
            </>
          );
        }}
      </QueryView>
      {making && <NewToken onClose={() => setMaking(false)} />}
    </>
  );
}

function Row({ token }: { token: Wire<"Token"> }) {
  const queries = useQueryClient();
  const [sure, setSure] = useState(false);
  const revoke = useMutation({
    mutationFn: () => take(client.DELETE("/api/tokens/{id}", { params: { path: { id: token.id } } })),
    onSuccess: () => {
      toastDone(`Revoked ${token.name}`);
      void queries.invalidateQueries({ queryKey: keys.tokens });
    },
    onError: toastFailed,
  });
  const over = token.expiresAt !== null && Date.parse(token.expiresAt) < Date.now();
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-n5 border-b py-2">
      <div className="min-w-0 flex-1 basis-48">
        <h3 className={cx("truncate font-medium text-sm", over && "text-n11 line-through")} dir="auto">
          {token.name}
        </h3>
        <p className="text-n11 text-xs">
          {token.scope}, as {token.user}, made <Ago at={token.createdAt} />
          {token.expiresAt !== null && (
            <>
              , {over ? "ended" : "ends"} <Ago at={token.expiresAt} />
            </>
          )}
        </p>
      </div>
      <Button look="danger" size="small" onClick={() => setSure(true)} aria-label={`Revoke ${token.name}`}>
        Revoke
      </Button>
      <Dialog
        open={sure}
        onClose={() => setSure(false)}
        title={`Revoke ${token.name}`}
        description="Whoever uses it is refused from then on. This cannot be undone."
      >
        <div className="flex justify-end gap-2">
          <Button onClick={() => setSure(false)}>Keep it</Button>
          <Button look="danger" busy={revoke.isPending} onClick={() => revoke.mutate()}>
            Revoke token
          </Button>
        </div>
      </Dialog>
    </li>
  );
}
