/** A page. Layer: feature. */
import { Page } from "@/components/page";

/** The page. */
export function NewTaskPage() {
  return <Page title="New-task">{null}</Page>;
}
