/** Addresses of the API that its document does not hold yet. Layer: api. Each goes as soon as the document has it. */
import { signedOut } from "./access";
import type { Wire } from "./client";
import { asApiError, readError } from "./errors";

export interface Defaults {
  agent: string | null;
  agentSetting: string | null;
  policy: string;
  publish: Wire<"PublishRule"> | null;
  pipeline: Wire<"Pipeline">;
  providers: { provider: string; ready: boolean }[];
  localPaths: boolean;
  localRoots: string[];
}

export interface KnownRepository {
  repo: string;
  kind: "local" | "remote";
  sessions: number;
  active: number;
  lastUsedAt: string;
  mirrored: boolean;
  mirrorBytes: number;
  bases: number;
  basesBytes: number;
  atLeast: boolean;
}

export interface KeyCheck {
  ok: boolean;
  problem: string | null;
  remedy: string | null;
  checkedAt: string;
}

export interface Setting {
  key: string;
  value: string | null;
  source: string;
  about: string;
  secret: boolean;
  editable: boolean;
  live: boolean;
}

export interface Provider {
  provider: string;
  ready: boolean;
  baseUrl: string | null;
  keySetting: string;
  key: string | null;
  source: string | null;
  check: KeyCheck | null;
}

export interface Config {
  settings: Setting[];
  providers: Provider[];
  restart?: string[];
}

export interface ApprovalMore {
  risk?: "read" | "contained_write" | "repository_write" | "high";
  reason?: string;
  askedBy?: string;
  repo?: string | null;
  sessionTitle?: string;
  detail?: {
    toolCallId: string | null;
    command: string | null;
    input: unknown;
    diffs: { path: string; oldText: string | null; newText: string }[];
    locations: string[];
    truncated: boolean;
  } | null;
  expiresAt?: string | null;
}

/** Calls an address and gives the body of its answer. */
export async function call<Data>(
  method: "GET" | "POST" | "PATCH",
  path: string,
  body?: unknown,
): Promise<Data> {
  const response = await fetch(path, {
    method,
    credentials: "same-origin",
    headers: { "content-type": "application/json", "x-telecoder": "web" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw asApiError(error);
  });
  const answer: unknown = response.status === 204 ? undefined : await response.json().catch(() => null);
  if (response.ok) return answer as Data;
  if (response.status === 401) signedOut();
  throw readError(response.status, answer);
}
