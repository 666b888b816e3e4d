/** Looks for what the end-to-end tests need, once, and says what is missing. */
import { accessSync, constants } from "node:fs";
import { agent, browser, telecoder } from "./programs.ts";

export default function prepare(): void {
  for (const [path, remedy] of [
    [telecoder, "build it: cargo xtask web && cargo build -p telecoder-cli"],
    [agent, "build it: cargo build -p telecoder-testkit --bins"],
    [browser, "install it: cargo xtask setup"],
  ] as const) {
    try {
      accessSync(path, constants.X_OK);
    } catch {
      throw new Error(`${path} is not there; ${remedy}`);
    }
  }
}
