/** What is missing before an agent can work, each with its remedy. Layer: components. */
import { useQuery } from "@tanstack/react-query";
import { Bot, KeyRound, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { agentsQuery, defaultsQuery } from "@/api/queries";
import { ButtonLink } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";

/** Nothing where nothing is missing. */
export function Missing() {
  const agents = useQuery(agentsQuery);
  const defaults = useQuery(defaultsQuery);
  const noAgent = agents.data !== undefined && !agents.data.some((agent) => agent.installed);
  const custom = agents.data?.some((agent) => agent.installed && !agent.inCatalogue) ?? false;
  const providers = defaults.data?.providers;
  const noKey = providers !== undefined && !custom && !providers.some((provider) => provider.ready);
  if (!noAgent && !noKey) return null;
  return (
    <section aria-label="What is missing" className="mb-6 flex flex-col gap-2">
      {noAgent && (
        <Row
          icon={Bot}
          words="No agent is installed. An agent is the program that does the work; one of them is enough."
        >
          <ButtonLink to="/agents">Install an agent</ButtonLink>
        </Row>
      )}
      {noKey && (
        <Row
          icon={KeyRound}
          words="No model key is set. Agents need one of Anthropic, OpenAI or Gemini to think."
        >
          <ButtonLink to="/settings">Set a key</ButtonLink>
        </Row>
      )}
    </section>
  );
}

function Row({ icon, words, children }: { icon: LucideIcon; words: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center gap-3 rounded-md border border-n6 border-l-2 border-l-wait bg-n2 px-3 py-2">
      <Icon of={icon} className="text-wait" />
      <p className="min-w-0 flex-1 basis-60">{words}</p>
      {children}
    </div>
  );
}
