/** End-to-end tests: the real binary, real sandboxes, Debian's Chromium. Each file has a server and data folder of its own. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["e2e/**/*.e2e.ts"],
    globalSetup: "e2e/harness/prepare.ts",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
    // As patient as Playwright is.
    expect: { poll: { timeout: 15_000 } },
  },
});
