/** What a page shows that broke while it was drawn. The frame around it goes on. Layer: app. */
import { useRouter } from "@tanstack/react-router";
import { RotateCcw } from "lucide-react";
import { Page } from "@/components/page";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";

/** The error boundary of every route. A chunk that is gone means that the server was updated: a reload gets the new one. */
export function Broken({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter();
  const words = error instanceof Error ? error.message : String(error);
  const updated = /dynamically imported module|Importing a module script/.test(words);
  const again = () => {
    if (updated) location.reload();
    else {
      reset();
      void router.invalidate();
    }
  };
  return (
    <Page title={updated ? "This page needs a reload" : "This page broke"}>
      <div role="alert" className="max-w-160">
        <p className="text-n11">
          {updated
            ? "The server was updated while the page was open, or cannot be reached. Drafts are kept."
            : "The rest of TeleCoder goes on, and nothing that runs on the server is touched by it."}
        </p>
        {!updated && (
          <pre className="mt-3 overflow-x-auto whitespace-pre-wrap rounded-md border border-n5 p-3 text-xs">
            {words}
          </pre>
        )}
        <Button className="mt-4" look="primary" onClick={again}>
          <Icon of={RotateCcw} />
          {updated ? "Reload the page" : "Try again"}
        </Button>
      </div>
    </Page>
  );
}
