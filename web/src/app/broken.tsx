/** What a page shows that broke while it was drawn. The frame around it goes on. Layer: app. */
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { RotateCcw } from "lucide-react";
import { Page } from "@/components/page";
import { Button, buttonClass } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { isGone } from "@/components/ui/late";
import { shown } from "@/lib/text/harmless";

/** The error boundary of every route. A chunk that is gone means that the server was updated: a reload gets the new one. */
export function Broken({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter();
  const queries = useQueryClient();
  const words = error instanceof Error ? error.message : String(error);
  const gone = isGone(error);
  const again = async () => {
    // What broke the page may be what was loaded for it: that is asked for anew, the rest of the frame's only refreshed.
    queries.removeQueries({ type: "inactive" });
    await queries.refetchQueries({ type: "active" });
    reset();
    await router.invalidate();
  };
  const reload = () => location.reload();
  return (
    <Page title={gone ? "This page needs a reload" : "This page broke"}>
      <div role="alert" className="max-w-160">
        <p className="text-n11">
          {gone
            ? "The server was updated while the page was open, or cannot be reached. Drafts are kept."
            : "Nothing that runs on the server is touched by it, and drafts are kept."}
        </p>
        {!gone && (
          <pre className="mt-3 overflow-x-auto whitespace-pre-wrap break-words rounded-md border border-n5 p-3 text-xs">
            {shown(words)}
          </pre>
        )}
        <div className="mt-4 flex flex-wrap gap-2">
          {!gone && (
            <Button look="primary" onClick={() => void again()}>
              <Icon of={RotateCcw} />
              Try again
            </Button>
          )}
          <Button look={gone ? "primary" : "plain"} onClick={reload}>
            {gone && <Icon of={RotateCcw} />}
            Reload the page
          </Button>
          {/* Loads everything anew, too: the way out also where the frame itself broke. */}
          <a href="/" className={buttonClass("plain")}>
            Go to the inbox
          </a>
        </div>
      </div>
    </Page>
  );
}
