/** The agents: which are there, how to install one, whether it starts. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { agentsQuery, defaultsQuery } from "@/api/queries";
import { Page, Section } from "@/components/page";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { QueryView } from "@/components/ui/states";
import { count } from "@/lib/format";
import { AgentRow } from "./components/agent-row";

/** The page. */
export function AgentsPage() {
  const agents = useQuery(agentsQuery);
  const defaults = useQuery(defaultsQuery);
  const ready = agents.data?.filter((agent) => agent.installed).length ?? 0;
  const line =
    agents.data === undefined
      ? "Loading…"
      : `${count(ready, "agent")} installed. ${automatic(defaults.data?.agent)}`;
  return (
    <Page title="Agents" line={line}>
      <QueryView query={agents} skeleton={<RowsSkeleton label="Loading the agents" />}>
        {(all) => {
          const here = all.filter((agent) => agent.installed);
          const others = all.filter((agent) => !agent.installed);
          return (
            <>
              {here.length > 0 && (
                <Section id="installed" title="Installed">
                  <ul>
                    {here.map((agent) => (
                      <AgentRow
                        key={agent.name}
                        agent={agent}
                        automatic={defaults.data?.agent === agent.name}
                      />
                    ))}
                  </ul>
                </Section>
              )}
              {others.length > 0 && (
                <Section id="catalogue" title="Can be installed">
                  <ul>
                    {others.map((agent) => (
                      <AgentRow key={agent.name} agent={agent} automatic={false} />
                    ))}
                  </ul>
                </Section>
              )}
              <p className="mt-6 max-w-[72ch] text-n11">
                Any other program that speaks the Agent Client Protocol can be added by a setting: its command
                in <code className="text-n12">TELECODER_AGENT_&lt;NAME&gt;_COMMAND</code>.
              </p>
            </>
          );
        }}
      </QueryView>
    </Page>
  );
}

function automatic(agent: string | null | undefined): string {
  if (agent === undefined) return "";
  return agent === null
    ? "None is ready for tasks that name no agent."
    : `Tasks that name none get ${agent}.`;
}
