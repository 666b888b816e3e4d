/** A pull request. Layer: feature. */
import { Page } from "@/components/page";

/** The page. */
export function PullPage({ number }: { number: number }) {
  return <Page title={`Pull request ${number}`}>{null}</Page>;
}
