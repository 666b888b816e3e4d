/** The line of choices under the prompt; each has a default that is sane. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { Bot, Cpu, GitBranch, GitPullRequestArrow, type LucideIcon, ShieldCheck } from "lucide-react";
import type { Wire } from "@/api/client";
import { agentsQuery, defaultsQuery, policiesQuery } from "@/api/queries";
import { Icon } from "@/components/ui/icon";
import { type Choice, ChoiceMenu } from "@/components/ui/menu";
import { sentence } from "@/lib/format";
import { policyWords } from "@/lib/policy-words";
import { allowedRules, type Draft, ruleInForce } from "../draft";
import { RepositoryChoice } from "./repository-choice";

const rules: Record<Wire<"PublishRule">, { name: string; about: string }> = {
  auto: { name: "Publish when done", about: "Opens a pull request by itself" },
  ask: { name: "Ask before publishing", about: "The inbox asks you first" },
  manual: { name: "Publish by hand", about: "Nothing leaves until you press publish" },
};

/** The choices. */
export function Choices({
  draft,
  set,
  policy,
  branch,
}: {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  policy: Wire<"Policy"> | undefined;
  branch: string | null | undefined;
}) {
  const agents = useQuery(agentsQuery);
  const policies = useQuery(policiesQuery);
  const defaults = useQuery(defaultsQuery);
  const rule = ruleInForce(draft, policy, defaults.data);
  const allowed = allowedRules(policy);
  const auto = defaults.data?.agent;
  const agentChoices: Choice<string>[] = [
    { value: "", name: "Automatic", about: auto == null ? "The first that is ready" : `Now ${auto}` },
    ...(agents.data ?? []).map((agent) => ({
      value: agent.name,
      name: agent.name,
      about: agent.installed ? (agent.problem ?? agent.description) : "Not installed; see Agents",
      disabled: !agent.installed,
    })),
  ];
  return (
    <div className="flex flex-wrap gap-2">
      <RepositoryChoice value={draft.repo} onChoose={(repo) => set({ repo, base: "" })} />
      {draft.repo !== "" && (
        <Inline
          icon={GitBranch}
          label="Branch or commit to start from"
          value={draft.base}
          onChange={(base) => set({ base })}
          placeholder={branch ?? "default branch"}
        />
      )}
      <ChoiceMenu
        label="Agent"
        icon={<Icon of={Bot} className="text-n10" />}
        value={draft.agent}
        shown={draft.agent || (auto == null ? "Automatic" : `Agent: ${auto}`)}
        choices={agentChoices}
        onChoose={(agent) => set({ agent })}
      />
      <Inline
        icon={Cpu}
        label="Model"
        value={draft.model}
        onChange={(model) => set({ model })}
        placeholder="Any model"
      />
      <ChoiceMenu
        label="Policy"
        icon={<Icon of={ShieldCheck} className="text-n10" />}
        value={policy?.name ?? draft.policy}
        shown={policy?.name ?? (draft.policy || "Default policy")}
        choices={(policies.data ?? []).map((each) => ({
          value: each.name,
          name: each.name,
          about: sentence(policyWords(each)),
        }))}
        onChoose={(name) => set({ policy: name })}
      />
      <ChoiceMenu
        label="Publishing"
        icon={<Icon of={GitPullRequestArrow} className="text-n10" />}
        value={rule}
        choices={(["auto", "ask", "manual"] as const).map((each) => ({
          value: each,
          ...rules[each],
          ...(!allowed.includes(each) && { disabled: true, about: "The policy does not allow it" }),
        }))}
        onChoose={(publish) => set({ publish })}
      />
    </div>
  );
}

/** A field that looks like the menus beside it. */
function Inline({
  icon,
  label,
  value,
  onChange,
  placeholder,
}: {
  icon: LucideIcon;
  label: string;
  value: string;
  onChange: (value: string) => void;
  placeholder: string;
}) {
  return (
    <label className="flex h-8 max-w-full items-center gap-1.5 rounded-md border border-n6 bg-n2 pl-2.5 focus-within:border-accent hover:border-n7">
      <Icon of={icon} className="text-n10" />
      <span className="sr-only">{label}</span>
      <input
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder={placeholder}
        size={Math.min(32, Math.max(7, (value || placeholder).length))}
        className="h-full min-w-0 rounded-r-md bg-transparent pr-2 text-sm outline-none"
        autoComplete="off"
        spellCheck={false}
        maxLength={255}
      />
    </label>
  );
}
