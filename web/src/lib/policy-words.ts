/** A policy's limits in words. Pure. Layer: lib. */
import type { Wire } from "@/api/client";
import { bytes, span } from "./format";

type Policy = Wire<"Policy">;

const workspace: Record<Wire<"WorkspaceRule">, string> = {
  read_only: "reads, changes nothing",
  throw_away: "may build and test, every change is thrown away",
  keep: "changes its own copy",
};

const permissions: Record<Wire<"PermissionRule">, string> = {
  deny_all: "what the agent asks for is denied",
  approve_reads: "only reads and commands are approved",
  ask: "you are asked",
  approve_all: "what the agent asks for is approved",
};

const publish: Record<Wire<"PublishCeiling">, string> = {
  never: "never publishes",
  ask: "publishes once you agree",
  auto: "may publish by itself",
};

const GIB = 2 ** 30;

/** Memory is set in powers of two, and told so. */
const memory = (size: number) => (size % (GIB / 2) === 0 ? `${size / GIB} GiB` : bytes(size));

/** Everything that it limits, in one line: `changes its own copy · you are asked · 30 minutes · 2 GiB of memory · …`. */
export function policyWords(policy: Policy): string {
  return [
    workspace[policy.workspace],
    permissions[policy.permissions],
    span(policy.timeSeconds),
    `${memory(policy.memoryBytes)} of memory`,
    publish[policy.publish],
  ].join(" · ");
}
