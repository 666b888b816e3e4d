/** Where the programs are that the end-to-end tests start. Variables name others. */
import { fileURLToPath } from "node:url";

const built = (name: string) => fileURLToPath(new URL(`../../../target/debug/${name}`, import.meta.url));

/** The product. */
export const telecoder = process.env.TELECODER_E2E_BINARY ?? built("telecoder");

/** The scripted agent. */
export const agent = process.env.TELECODER_E2E_AGENT ?? built("telecoder-gym-agent");

/** The browser. */
export const browser = process.env.TELECODER_E2E_BROWSER ?? "/usr/bin/chromium";

/** The scripted model, for agents that are none of ours. */
export const model = process.env.TELECODER_E2E_MODEL ?? built("telecoder-scripted-model");

/** Where `cargo xtask setup` keeps installed agents. */
export const agents =
  process.env.TELECODER_E2E_AGENTS ??
  `${process.env.TELECODER_CACHE ?? `${process.env.HOME}/.cache/telecoder`}/test/agents`;
