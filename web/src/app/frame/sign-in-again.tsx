/** The sign-in that comes over a page whose access has ended. Layer: app. */
import { SignIn } from "@/components/sign-in";
import { Dialog } from "@/components/ui/dialog";

/** The dialog; it closes by signing in. */
export default function SignInAgain() {
  return (
    <Dialog open title="Sign in again" description="Your access has ended. What you typed is kept.">
      <SignIn />
    </Dialog>
  );
}
