/** A page. Layer: feature. */
import { Page } from "@/components/page";

/** The page. */
export function InboxPage() {
  return <Page title="Inbox">{null}</Page>;
}
