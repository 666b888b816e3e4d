/** The page for addresses that show nothing. Layer: app. */
import { Page } from "@/components/page";
import { ButtonLink } from "@/components/ui/button";

/** Says so, and where to go. */
export function NotFoundPage() {
  return (
    <Page title="There is nothing here" line="The address may be mistyped, or what it showed was removed.">
      <div className="flex gap-2">
        <ButtonLink to="/" look="primary">
          Go to the inbox
        </ButtonLink>
        <ButtonLink to="/sessions">See all sessions</ButtonLink>
      </div>
    </Page>
  );
}
