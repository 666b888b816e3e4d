/** A session. Layer: feature. */
import { Page } from "@/components/page";

/** The page. */
export function SessionPage({ id }: { id: string }) {
  return <Page title={id}>{null}</Page>;
}
