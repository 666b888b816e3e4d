/** A page. Layer: feature. */
import { Page } from "@/components/page";

/** The page. */
export function RepositoriesPage() {
  return <Page title="Repositories">{null}</Page>;
}
