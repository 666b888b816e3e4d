/** What a task gets that asks for nothing else. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import type { Wire } from "@/api/client";
import { agentsQuery, configQuery, defaultsQuery, policiesQuery } from "@/api/queries";
import { SelectField } from "@/components/ui/field";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { QueryView } from "@/components/ui/states";
import { toastFailed } from "@/components/ui/toast";
import { useChangeConfig } from "../use-config";

interface Row {
  key: string;
  label: string;
  unset: string;
  choices: { value: string; name: string }[];
}

/** Agent, policy and publishing. */
export function Defaults() {
  const config = useQuery(configQuery);
  const agents = useQuery(agentsQuery);
  const policies = useQuery(policiesQuery);
  const defaults = useQuery(defaultsQuery);
  const rows: Row[] = [
    {
      key: "default_agent",
      label: "Agent",
      unset: defaults.data?.agent == null ? "Automatic" : `Automatic (now ${defaults.data.agent})`,
      choices: (agents.data ?? [])
        .filter((agent) => agent.installed)
        .map(({ name }) => ({ value: name, name })),
    },
    {
      key: "policy_mode",
      label: "Policy",
      unset: "By the kind of task",
      choices: (policies.data ?? []).map(({ name }) => ({ value: name, name })),
    },
    {
      key: "publish",
      label: "Publishing",
      unset: "By the kind of task",
      choices: [
        { value: "auto", name: "Publish when done" },
        { value: "ask", name: "Ask before publishing" },
        { value: "manual", name: "Publish by hand" },
      ],
    },
  ];
  return (
    <QueryView query={config} skeleton={<RowsSkeleton rows={3} label="Loading the defaults" />}>
      {({ settings }) => (
        <div className="grid gap-4 py-3 md:grid-cols-3">
          {rows.map((row) => (
            <Choice key={row.key} row={row} setting={settings.find((setting) => setting.key === row.key)} />
          ))}
        </div>
      )}
    </QueryView>
  );
}

function Choice({ row, setting }: { row: Row; setting: Wire<"Setting"> | undefined }) {
  const change = useChangeConfig(`Changed: ${row.label.toLowerCase()}`);
  const value = setting?.value ?? "";
  const fixed = setting === undefined || !setting.editable;
  const known = value === "" || row.choices.some((choice) => choice.value === value);
  return (
    <SelectField
      label={row.label}
      value={value}
      disabled={fixed || change.isPending}
      {...(fixed && {
        hint: setting === undefined ? "Set on the server's host" : `Set by ${setting.source}`,
      })}
      onChange={(event) => {
        const next = event.target.value;
        change.mutate(next === "" ? { unset: [row.key] } : { set: { [row.key]: next } }, {
          onError: toastFailed,
        });
      }}
    >
      <option value="">{row.unset}</option>
      {!known && <option value={value}>{value}</option>}
      {row.choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.name}
        </option>
      ))}
    </SelectField>
  );
}
