/** Publishing, with what it will do before it does it. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import type { Wire } from "@/api/client";
import { Prose } from "@/components/prose/prose";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { inputClass, TextField } from "@/components/ui/field";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { ErrorState, QueryView } from "@/components/ui/states";
import { toastDone } from "@/components/ui/toast";
import { cx } from "@/lib/classes";
import { shownOnOneLine } from "@/lib/text/harmless";
import { previewQuery, usePublish } from "../api/actions";

/** The dialog. */
export function PublishDialog({ session, onClose }: { session: Wire<"Session">; onClose: () => void }) {
  const preview = useQuery(previewQuery(session.id));
  return (
    <Dialog open onClose={onClose} title="Publish" className="max-w-180">
      <QueryView query={preview} skeleton={<RowsSkeleton rows={4} label="Preparing the preview" />}>
        {(loaded) => <Form preview={loaded} session={session.id} onClose={onClose} />}
      </QueryView>
    </Dialog>
  );
}

function Form({
  preview,
  session,
  onClose,
}: {
  preview: Wire<"PublishPreview">;
  session: string;
  onClose: () => void;
}) {
  const [title, setTitle] = useState(preview.title);
  const [base, setBase] = useState(preview.base);
  const [body, setBody] = useState(preview.body);
  const [draft, setDraft] = useState(preview.draft);
  const [writes, setWrites] = useState(false);
  const publish = usePublish(session);
  const field = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    publish.mutate(
      {
        ...(title !== preview.title && { title }),
        ...(base !== preview.base && { base }),
        ...(body !== preview.body && { body }),
        ...(draft !== preview.draft && { draft }),
      },
      {
        onSuccess: (done) => {
          toastDone(`Pull request #${done.number} is there`);
          onClose();
        },
      },
    );
  };
  const existing = preview.existing ?? null;
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <p className="text-n11 text-sm">
        {existing ? `Updates pull request #${existing.number}` : "Opens a pull request"} from{" "}
        <code dir="ltr">{shownOnOneLine(preview.branch)}</code>
        {preview.forge === "local" ? ", on this server" : ` on ${preview.forge}`}.
      </p>
      <TextField
        label="Title"
        value={title}
        maxLength={250}
        required
        onChange={(event) => setTitle(event.target.value)}
      />
      <TextField label="Into" mono value={base} required onChange={(event) => setBase(event.target.value)} />
      <div>
        <div className="mb-1 flex items-center gap-2">
          <label htmlFor={field} className="font-medium text-n11 text-xs">
            Body
          </label>
          <Button
            size="small"
            look="quiet"
            className="ml-auto"
            aria-pressed={writes}
            onClick={() => setWrites(!writes)}
          >
            {writes ? "Preview" : "Edit"}
          </Button>
        </div>
        {writes ? (
          <textarea
            id={field}
            rows={12}
            dir="auto"
            className={cx(inputClass, "h-auto py-2 font-mono text-xs")}
            value={body}
            onChange={(event) => setBody(event.target.value)}
          />
        ) : (
          <div id={field} className="max-h-80 overflow-y-auto rounded-md border border-n6 bg-n1 p-3">
            <Prose text={body} />
          </div>
        )}
      </div>
      {preview.forge !== "local" && (
        <label className="flex items-center gap-2 text-sm">
          <input
            type="checkbox"
            className="accent-accent"
            checked={draft}
            onChange={(event) => setDraft(event.target.checked)}
          />
          As a draft
        </label>
      )}
      {publish.isError && <ErrorState error={publish.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" type="submit" busy={publish.isPending}>
          {existing ? "Update the pull request" : "Open the pull request"}
        </Button>
      </div>
    </form>
  );
}
