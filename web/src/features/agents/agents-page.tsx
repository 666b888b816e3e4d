/** A page. Layer: feature. */
import { Page } from "@/components/page";

/** The page. */
export function AgentsPage() {
  return <Page title="Agents">{null}</Page>;
}
