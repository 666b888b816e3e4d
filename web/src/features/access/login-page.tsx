/** A page. Layer: feature. */
import { Page } from "@/components/page";

/** The page. */
export function LoginPage() {
  return <Page title="Sign-in">{null}</Page>;
}
