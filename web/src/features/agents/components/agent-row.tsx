/** One agent: what it is, what is missing, install or check. Layer: feature. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, CircleDashed, Download, Play, TriangleAlert } from "lucide-react";
import { client, take, type Wire } from "@/api/client";
import { asApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import { Ago } from "@/components/time";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { ErrorNote } from "@/components/ui/states";
import { Words } from "@/components/words";
import { cx } from "@/lib/classes";
import { bytes, sentence } from "@/lib/format";
import { properName } from "@/lib/names";
import { shown } from "@/lib/text/harmless";
import { useInstall } from "../hooks/use-install";
import { InstallProgress } from "./install-progress";

/** The row. */
export function AgentRow({ agent, automatic }: { agent: Wire<"Agent">; automatic: boolean }) {
  const install = useInstall(agent.name);
  const check = useCheck(agent.name);
  const ready = agent.installed && agent.problem === null && !check.isError && !check.data?.problem;
  const look = ready ? CircleCheck : agent.installed ? TriangleAlert : CircleDashed;
  const facts = [
    agent.version,
    agent.sizeBytes !== null && `${bytes(agent.sizeBytes)}${agent.installed ? "" : " to install"}`,
    agent.providers.length > 0 && agent.providers.map(properName).join(", "),
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
            <p className="mt-1 text-wait text-xs">
              <Words text={sentence(agent.problem)} />
            </p>
          )}
          <CheckState check={check} />
        </div>
        {agent.installed ? (
          <Button
            className="ml-7 md:ml-0"
            onClick={() => check.mutate()}
            busy={check.isPending}
            aria-label={
              agent.inCatalogue ? `Check that ${agent.name} starts` : `Check that ${agent.name} is there`
            }
          >
            <Icon of={Play} />
            Check
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
      {install.state === "failed" && (
        <ErrorNote error={install.error} look="mt-2 ml-7 text-sm" words="text-fail" />
      )}
    </li>
  );
}

/** How the last check from this page ended; while one goes on, that it does. */
function CheckState({ check }: { check: ReturnType<typeof useCheck> }) {
  const failure = check.isError ? asApiError(check.error) : null;
  const problem = failure?.message ?? check.data?.problem ?? null;
  const look = check.isPending ? "text-n11" : problem === null ? "text-done" : "text-fail";
  return (
    <p role="status" className={cx("mt-1 text-xs empty:hidden", look)}>
      {check.isPending && "Looking whether it starts…"}
      {!check.isPending && !check.isIdle && (
        <>
          Checked <Ago at={new Date(check.submittedAt).toISOString()} />:{" "}
          {problem === null ? check.data && fine(check.data) : <Words text={problem} />}
        </>
      )}
      {failure?.hint !== undefined && (
        <span className="block text-n11">
          <Words text={failure.hint} />
        </span>
      )}
    </p>
  );
}

/** What a check without a problem tells: an agent of one's own is only looked for, as nobody knows what it may be asked. */
function fine({ inCatalogue, version }: Wire<"Agent">): string {
  if (!inCatalogue) return "its program is there; only a task starts it";
  return version === null ? "it starts" : `it starts, and is version ${shown(version)}`;
}

function useCheck(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => take(client.POST("/api/agents/{name}/check", { params: { path: { name } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.agents }),
  });
}
