/** The keys of model providers: set, checked, removed; never shown. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleDashed, CircleX } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Wire } from "@/api/client";
import { asApiError } from "@/api/errors";
import { configQuery } from "@/api/queries";
import { Ago } from "@/components/time";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/field";
import { Icon } from "@/components/ui/icon";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { QueryView } from "@/components/ui/states";
import { toastFailed } from "@/components/ui/toast";
import { sentence } from "@/lib/format";
import { properName } from "@/lib/names";
import { useChangeConfig, useCheckKey } from "../use-config";

/** One row a provider. */
export function Keys() {
  const config = useQuery(configQuery);
  return (
    <QueryView query={config} skeleton={<RowsSkeleton rows={3} label="Loading the keys" />}>
      {({ providers }) => (
        <>
          <p className="mt-2 max-w-[72ch] text-n11">
            A key stays on the server and never enters a sandbox. It is shown to nobody again, not even here.
          </p>
          <ul>
            {providers.map((provider) => (
              <Row key={provider.provider} provider={provider} />
            ))}
          </ul>
        </>
      )}
    </QueryView>
  );
}

function Row({ provider }: { provider: Wire<"ProviderKey"> }) {
  const [open, setOpen] = useState(false);
  const name = properName(provider.provider);
  const check = useCheckKey();
  const forget = useChangeConfig(`Removed the key of ${name}`);
  const here = provider.key !== null;
  const state = provider.check === null ? null : provider.check.ok;
  const look = !here ? CircleDashed : state === false ? CircleX : CircleCheck;
  const color = !here
    ? "text-n10"
    : state === false
      ? "text-fail"
      : state === true
        ? "text-done"
        : "text-n11";
  return (
    <li className="border-n5 border-b py-3">
      <div className="flex flex-wrap items-start gap-x-3 gap-y-2">
        <Icon of={look} className={`mt-1.5 ${color}`} />
        <div className="min-w-0 flex-1 basis-52">
          <h3 className="font-medium text-sm leading-7">{name}</h3>
          <p className="text-n11 text-xs">
            {here ? <code>{provider.key}</code> : "No key"}
            {here && ` from ${provider.source}`}
            {` · ${provider.baseUrl}`}
          </p>
          {!provider.editable && (
            <p className="mt-1 text-n11 text-xs">Set on the server's host; change it there.</p>
          )}
          {provider.check !== null && (
            <p className={`mt-1 text-xs ${provider.check.ok ? "text-done" : "text-fail"}`} role="status">
              {provider.check.ok ? "The key works" : (provider.check.problem ?? "The key does not work")},
              checked <Ago at={provider.check.checkedAt} />
              {!provider.check.ok && provider.check.remedy !== null && (
                <span className="block text-n11">{sentence(provider.check.remedy)}</span>
              )}
            </p>
          )}
        </div>
        <div className="flex flex-wrap gap-2">
          {here && (
            <Button
              onClick={() => check.mutate(provider.provider, { onError: toastFailed })}
              busy={check.isPending}
              aria-label={`Check the key of ${name}`}
            >
              Check
            </Button>
          )}
          {!open && provider.editable && (
            <Button
              onClick={() => setOpen(true)}
              aria-label={here ? `Replace the key of ${name}` : `Set the key of ${name}`}
            >
              {here ? "Replace" : "Set the key"}
            </Button>
          )}
          {here && provider.editable && (
            <Button
              look="danger"
              onClick={() => forget.mutate({ unset: [provider.keySetting] }, { onError: toastFailed })}
              busy={forget.isPending}
              aria-label={`Remove the key of ${name}`}
            >
              Remove
            </Button>
          )}
        </div>
      </div>
      {open && <KeyForm provider={provider} name={name} onDone={() => setOpen(false)} />}
    </li>
  );
}

function KeyForm({
  provider,
  name,
  onDone,
}: {
  provider: Wire<"ProviderKey">;
  name: string;
  onDone: () => void;
}) {
  const [key, setKey] = useState("");
  const set = useChangeConfig(`Set the key of ${name}`);
  const check = useCheckKey();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set.mutate(
      { set: { [provider.keySetting]: key.trim() } },
      {
        onSuccess: () => {
          onDone();
          check.mutate(provider.provider, { onError: toastFailed });
        },
      },
    );
  };
  const problem = set.isError ? asApiError(set.error) : null;
  return (
    <form onSubmit={submit} className="mt-3 flex max-w-130 flex-wrap items-end gap-2 pl-7">
      <div className="min-w-60 flex-1">
        <TextField
          label={`New key of ${name}`}
          type="password"
          mono
          required
          autoFocus
          value={key}
          onChange={(event) => setKey(event.target.value)}
          autoComplete="off"
          {...(problem !== null && { problem: [problem.message, problem.hint].filter(Boolean).join(". ") })}
        />
      </div>
      <Button type="submit" look="primary" busy={set.isPending} disabled={key.trim() === ""}>
        Save and check
      </Button>
      <Button onClick={onDone}>Cancel</Button>
    </form>
  );
}
