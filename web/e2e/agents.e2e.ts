/** An agent is installed, and looked at. npm is played, as no test needs the internet; the install around it is real. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { picture, violations } from "./harness/browser.ts";
import { stories } from "./harness/stories.ts";

const bin = mkdtempSync(join(tmpdir(), "telecoder-e2e-bin-"));
afterAll(() => rmSync(bin, { recursive: true, force: true }));

/** Both wait until they are told how they go on: by a line of a pipe. */
const pipe = (name: string) => {
  const path = join(bin, `${name}.pipe`);
  execFileSync("mkfifo", [path]);
  return path;
};
const [npm, opencode] = [pipe("npm"), pipe("opencode")];
const PROGRAM = "node_modules/opencode-linux-x64-baseline/bin/opencode";
writeFileSync(
  join(bin, "opencode"),
  `#!/bin/sh
read -r said < ${opencode}
case "$said" in starts) echo 1.18.33 ;; *) echo "$said" >&2; exit 1 ;; esac
`,
);
writeFileSync(
  join(bin, "npm"),
  `#!/bin/sh
read -r said < ${npm}
case "$said" in works) ;; *) echo "npm error $said" >&2; exit 1 ;; esac
mkdir -p $(dirname ${PROGRAM})
cp ${join(bin, "opencode")} ${PROGRAM}
`,
  { mode: 0o755 },
);

const test = stories({ PATH: `${bin}:${process.env.PATH}` });

test("an install says how it goes on, can be cancelled, fails with what to do, and ends with a check on the agent's row", async ({
  window,
}) => {
  const { page } = await window();
  const other = await window();
  await other.page.goto("/agents");
  await page.goto("/agents");
  const row = page.getByRole("listitem").filter({ hasText: "opencode" });
  const install = row.getByRole("button", { name: "Install opencode" });
  await install.click();
  await row.getByRole("progressbar", { name: "Installing" }).waitFor();
  await row.getByRole("log").getByText("installing opencode 1.18.33 with npm").waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "agent-installs");
  await row.getByRole("button", { name: "Cancel the install" }).click();
  await row.getByRole("progressbar").waitFor({ state: "detached" });
  await install.click();
  await writeFile(npm, "ECONNREFUSED\n");
  await row
    .getByRole("alert")
    .getByText(/check the network/i)
    .waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "agent-not-installed");
  await install.click();
  await writeFile(npm, "works\n");
  await row.getByRole("log").getByText("trying whether it starts").waitFor();
  await writeFile(opencode, "starts\n");
  // Installed, in this window and in the other.
  const check = row.getByRole("button", { name: "Check that opencode starts" });
  await check.waitFor();
  await other.page.getByRole("button", { name: "Check that opencode starts" }).waitFor();
  await check.click();
  await row.getByText("Looking whether it starts…").waitFor();
  await writeFile(opencode, "starts\n");
  await row.getByText(/^Checked .*: it starts, and is version 1\.18\.33$/).waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "agent-checked");
  await check.click();
  await writeFile(opencode, "no such library\n");
  await row.getByText(/does not start.*no such library/).waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "agent-broken");
});
