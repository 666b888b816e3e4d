/** Makes a token, and shows its secret this once. Layer: feature. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { client, take, type Wire } from "@/api/client";
import { asApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import { CopyButton } from "@/components/copy";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { SelectField, TextField } from "@/components/ui/field";

const scopes: { value: Wire<"Scope">; name: string }[] = [
  { value: "read", name: "Read: sees everything, changes nothing" },
  { value: "run", name: "Run: starts, stops and answers as well" },
  { value: "publish", name: "Publish: opens and merges pull requests as well" },
  { value: "admin", name: "Admin: installs agents, sets keys, makes tokens as well" },
];

const DAY = 24 * 60 * 60 * 1000;

/** The dialog. */
export function NewToken({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Wire<"Scope">>("run");
  const [days, setDays] = useState("90");
  const create = useMutation({
    mutationFn: () => {
      const expiresAt = days === "" ? null : new Date(Date.now() + Number(days) * DAY).toISOString();
      return take(client.POST("/api/tokens", { body: { name: name.trim(), scope, expiresAt } }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: keys.tokens }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  if (create.data !== undefined) {
    const { secret } = create.data;
    return (
      <Dialog
        open
        onClose={onClose}
        title="Copy the token now"
        description="It is shown this once. The server keeps only what proves it."
      >
        <code className="block select-all break-all rounded-md border border-n6 bg-n1 px-3 py-2 text-sm">
          {secret}
        </code>
        <div className="mt-4 flex justify-end gap-2">
          <CopyButton text={secret} what="Copy token" size="medium" />
          <Button look="primary" onClick={onClose}>
            I have it
          </Button>
        </div>
      </Dialog>
    );
  }
  const problem = create.isError ? asApiError(create.error) : null;
  return (
    <Dialog open onClose={onClose} title="New token">
      <form onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label="Name"
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
          hint="What uses it, so that you know later"
          {...(problem !== null && { problem: [problem.message, problem.hint].filter(Boolean).join(". ") })}
        />
        <SelectField
          label="It may"
          value={scope}
          onChange={(event) => setScope(event.target.value as Wire<"Scope">)}
        >
          {scopes.map((each) => (
            <option key={each.value} value={each.value}>
              {each.name}
            </option>
          ))}
        </SelectField>
        <SelectField label="It ends" value={days} onChange={(event) => setDays(event.target.value)}>
          <option value="7">after 7 days</option>
          <option value="30">after 30 days</option>
          <option value="90">after 90 days</option>
          <option value="365">after a year</option>
          <option value="">never</option>
        </SelectField>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={create.isPending} disabled={name.trim() === ""}>
            Create token
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
