/** The filters of the list; the address holds them, so that they can be shared and gone back to. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { Search, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { agentsQuery, policiesQuery, repositoriesQuery, type SessionFilter } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { inputClass } from "@/components/ui/field";
import { Icon } from "@/components/ui/icon";
import { ChoiceMenu } from "@/components/ui/menu";
import { cx } from "@/lib/classes";
import { repositoryName } from "@/lib/format";
import { useShortcuts } from "@/lib/shortcuts";

const statuses = [
  { value: "", name: "Any status" },
  { value: "active", name: "Active" },
  { value: "waiting", name: "Waiting for you" },
  { value: "running", name: "Running" },
  { value: "idle", name: "Idle" },
  { value: "complete", name: "Done" },
  { value: "error", name: "Failed" },
  { value: "stopped", name: "Stopped" },
];

/** How long typing rests before the search begins, in milliseconds. */
const REST = 220;

/** The line of filters. */
export function Filters({
  filter,
  onChange,
}: {
  filter: SessionFilter;
  onChange: (change: SessionFilter) => void;
}) {
  const agents = useQuery(agentsQuery);
  const policies = useQuery(policiesQuery);
  const repositories = useQuery(repositoriesQuery);
  const named = (all: string[], any: string) => [
    { value: "", name: any },
    ...all.map((name) => ({ value: name, name })),
  ];
  return (
    <search className="mb-3 grid grid-cols-2 gap-2 *:justify-between md:flex md:flex-wrap">
      <SearchField words={filter.q ?? ""} onChange={(q) => onChange({ q })} />
      <ChoiceMenu
        label="Status"
        value={filter.status ?? ""}
        choices={statuses}
        onChoose={(status) => onChange({ status })}
      />
      <ChoiceMenu
        label="Agent"
        value={filter.agent ?? ""}
        choices={named(
          (agents.data ?? []).map((agent) => agent.name),
          "Any agent",
        )}
        onChoose={(agent) => onChange({ agent })}
      />
      <ChoiceMenu
        label="Repository"
        value={filter.repo ?? ""}
        shown={filter.repo && repositoryName(filter.repo)}
        choices={[
          { value: "", name: "Any repository" },
          ...(repositories.data ?? []).map(({ repo }) => ({
            value: repo,
            name: repositoryName(repo),
            about: repo,
          })),
        ]}
        onChoose={(repo) => onChange({ repo })}
      />
      <ChoiceMenu
        label="Policy"
        value={filter.policy ?? ""}
        choices={named(
          (policies.data ?? []).map((policy) => policy.name),
          "Any policy",
        )}
        onChoose={(policy) => onChange({ policy })}
      />
      {Object.values(filter).some(Boolean) && (
        <Button look="quiet" onClick={() => onChange({ q: "", status: "", agent: "", repo: "", policy: "" })}>
          <Icon of={X} />
          Clear
        </Button>
      )}
    </search>
  );
}

function SearchField({ words, onChange }: { words: string; onChange: (words: string) => void }) {
  const [typed, setTyped] = useState(words);
  const field = useRef<HTMLInputElement>(null);
  const change = useRef(onChange);
  change.current = onChange;
  useEffect(() => setTyped(words), [words]);
  useEffect(() => {
    if (typed === words) return;
    const timer = setTimeout(() => change.current(typed), REST);
    return () => clearTimeout(timer);
  }, [typed, words]);
  useShortcuts([{ keys: "/", does: "Search sessions", group: "Lists", run: () => field.current?.focus() }]);
  return (
    <div className="relative col-span-2 min-w-48 flex-1 md:max-w-80">
      <Icon of={Search} className="pointer-events-none absolute top-2 left-2.5 text-n10" />
      <input
        ref={field}
        type="search"
        className={cx(inputClass, "pl-8")}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        placeholder="Search sessions"
        aria-label="Search sessions"
        dir="auto"
        maxLength={200}
      />
    </div>
  );
}
