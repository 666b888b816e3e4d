/** The form that signs in with a token. Layer: components. */
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { signedIn } from "@/api/access";
import { client, take } from "@/api/client";
import { type ApiError, asApiError } from "@/api/errors";
import { tellTabs } from "@/api/live/tabs";
import { keys } from "@/api/queries";
import { Button } from "./ui/button";
import { TextField } from "./ui/field";

/** Signs in and refreshes whatever is on the page. */
export function useSignIn(): (secret: { token: string } | { code: string }) => Promise<void> {
  const queries = useQueryClient();
  return async (secret) => {
    const me = await take(client.POST("/api/login", { body: secret }));
    // What was asked before the sign-in may be answered after it, and is not true any more.
    await queries.cancelQueries({ queryKey: keys.me });
    queries.setQueryData(keys.me, me);
    signedIn();
    tellTabs();
    void queries.invalidateQueries({ predicate: (query) => query.queryKey[0] !== keys.me[0] });
  };
}

/** Asks for a token. */
export function SignIn({ onDone }: { onDone?: () => void }) {
  const signIn = useSignIn();
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (token.trim() === "") return;
    setBusy(true);
    try {
      await signIn({ token: token.trim() });
      onDone?.();
    } catch (error) {
      setProblem(asApiError(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
      <TextField
        label="Token"
        type="password"
        mono
        required
        autoFocus
        value={token}
        onChange={(event) => setToken(event.target.value)}
        autoComplete="current-password"
        {...(problem !== null && { problem: [problem.message, problem.hint].filter(Boolean).join(". ") })}
      />
      <Button type="submit" look="primary" busy={busy}>
        Sign in
      </Button>
      <div className="text-n11 text-sm">
        <p>
          On the server's host, <code className="text-n12">telecoder open</code> prints a link that signs in
          once. The token of the first start lies in <code className="text-n12">token</code> in the data
          folder.
        </p>
      </div>
    </form>
  );
}
