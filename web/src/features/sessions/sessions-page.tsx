/** A page. Layer: feature. */
import { Page } from "@/components/page";

/** The page. */
export function SessionsPage() {
  return <Page title="Sessions">{null}</Page>;
}
