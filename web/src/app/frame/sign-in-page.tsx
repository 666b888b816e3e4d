/** The sign-in in place of a page, where nobody was signed in yet. Layer: app. */
import { useTitle } from "@/components/page";
import { SignIn } from "@/components/sign-in";

/** The page; what was asked for is shown once somebody signed in. */
export default function SignInPage() {
  useTitle("Sign in");
  return (
    <main id="main" className="mx-auto flex min-h-dvh max-w-100 flex-col justify-center px-4 py-10">
      <h1 className="mb-4 font-semibold text-xl tracking-[-0.015em]">Sign in to TeleCoder</h1>
      <SignIn />
    </main>
  );
}
