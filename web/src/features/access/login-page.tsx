/** Signs in by a token, or by the one-time code of a link. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { type ApiError, asApiError } from "@/api/errors";
import { meQuery } from "@/api/queries";
import { useTitle } from "@/components/page";
import { SignIn, useSignIn } from "@/components/sign-in";
import { Words } from "@/components/words";
import { safePlace } from "./safe-place";

/** The page. */
export function LoginPage() {
  useTitle("Sign in");
  const { code, to } = useSearch({ from: "/login" });
  const signIn = useSignIn();
  const router = useRouter();
  const navigate = useNavigate();
  const me = useQuery(meQuery);
  const used = useRef(false);
  const [refused, setRefused] = useState<ApiError | null>(null);
  const place = safePlace(to);
  const leave = () => router.history.replace(place);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a code is good for one try.
  useEffect(() => {
    if (code === undefined || used.current) return;
    used.current = true;
    // The code leaves the address first: it is used up, and belongs into no history.
    void navigate({ to: "/login", search: to === undefined ? {} : { to }, replace: true });
    signIn({ code }).then(leave, (error: unknown) => setRefused(asApiError(error)));
  }, [code]);
  const signedIn = me.data !== undefined && !me.data.loginRequired;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the sign-in counts.
  useEffect(() => {
    if (signedIn && code === undefined && !used.current) leave();
  }, [signedIn]);
  const trying = used.current && refused === null;
  return (
    <main id="main" className="mx-auto flex min-h-dvh max-w-100 flex-col justify-center px-4 py-10">
      <h1 className="mb-4 font-semibold text-xl tracking-[-0.015em]">Sign in to TeleCoder</h1>
      {refused !== null && (
        <div role="alert" className="mb-4 border-fail border-l-2 bg-fail-soft px-3 py-2">
          <p className="font-medium">{refused.message}</p>
          {refused.hint !== undefined && (
            <p className="text-n11">
              <Words text={refused.hint} />
            </p>
          )}
        </div>
      )}
      {trying ? (
        <p role="status" className="text-n11">
          Signing in…
        </p>
      ) : (
        <SignIn onDone={leave} />
      )}
    </main>
  );
}
