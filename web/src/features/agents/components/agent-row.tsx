/** One agent: what it is, what is missing, install or check. Layer: feature. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, CircleDashed, Download, Play, TriangleAlert } from "lucide-react";
import { client, take, type Wire } from "@/api/client";
import { asApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { toastDone, toastFailed } from "@/components/ui/toast";
import { bytes, sentence } from "@/lib/format";
import { useInstall } from "../hooks/use-install";
import { InstallProgress } from "./install-progress";

/** The row. */
export function AgentRow({ agent, automatic }: { agent: Wire<"Agent">; automatic: boolean }) {
  const install = useInstall(agent.name);
  const check = useCheck(agent.name);
  const ready = agent.installed && agent.problem === null;
  const look = ready ? CircleCheck : agent.installed ? TriangleAlert : CircleDashed;
  const facts = [
    agent.version,
    agent.sizeBytes !== null && `${bytes(agent.sizeBytes)}${agent.installed ? "" : " to install"}`,
    agent.providers.length > 0 && agent.providers.join(", "),
  ].filter(Boolean);
  return (
    <li className="border-n5 border-b py-3">
      <div className="flex flex-wrap items-start gap-x-3 gap-y-2">
        <Icon
          of={look}
          className={ready ? "mt-0.5 text-done" : agent.installed ? "mt-0.5 text-wait" : "mt-0.5 text-n10"}
        />
        <div className="min-w-0 flex-1 basis-60">
          <h3 className="font-medium text-sm">
            {agent.name}
            {automatic && <span className="ml-2 font-normal text-n11 text-xs">chosen automatically</span>}
          </h3>
          <p className="text-n11">{sentence(agent.description)}</p>
          {facts.length > 0 && <p className="tabular mt-0.5 text-n10 text-xs">{facts.join(" · ")}</p>}
          {agent.problem !== null && agent.installed && (
            <p className={agent.installed ? "mt-1 text-wait text-xs" : "mt-1 text-n11 text-xs"}>
              {agent.problem}
            </p>
          )}
        </div>
        {agent.installed ? (
          <Button className="ml-7 md:ml-0" onClick={() => check.mutate()} busy={check.isPending}>
            <Icon of={Play} />
            Check that it starts
          </Button>
        ) : install.state === "running" ? (
          <Button className="ml-7 md:ml-0" onClick={install.cancel}>
            Cancel the install
          </Button>
        ) : (
          agent.inCatalogue && (
            <Button className="ml-7 md:ml-0" onClick={install.start} aria-label={`Install ${agent.name}`}>
              <Icon of={Download} />
              Install
            </Button>
          )
        )}
      </div>
      <InstallProgress install={install} />
      {install.state === "failed" && <Failure error={install.error} />}
    </li>
  );
}

function Failure({ error }: { error: unknown }) {
  const { message, hint } = asApiError(error);
  return (
    <div role="alert" className="mt-2 ml-7 text-sm">
      <p className="text-fail">{message}</p>
      {hint !== undefined && <p className="text-n11">{hint}</p>}
    </div>
  );
}

function useCheck(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => take(client.POST("/api/agents/{name}/check", { params: { path: { name } } })),
    onSuccess: (agent) => {
      if (agent.problem === null) toastDone(`${name} starts and answers`);
      else toastFailed(new Error(agent.problem));
    },
    onError: toastFailed,
    onSettled: () => queries.invalidateQueries({ queryKey: keys.agents }),
  });
}
