/** A page. Layer: feature. */
import { Page } from "@/components/page";

/** The page. */
export function DoctorPage() {
  return <Page title="Doctor">{null}</Page>;
}
