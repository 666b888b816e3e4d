/** A page. Layer: feature. */
import { Page } from "@/components/page";

/** The page. */
export function PullsPage() {
  return <Page title="Pull-requests">{null}</Page>;
}
