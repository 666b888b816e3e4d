/** A page. Layer: feature. */
import { Page } from "@/components/page";

/** The page. */
export function SettingsPage() {
  return <Page title="Settings">{null}</Page>;
}
