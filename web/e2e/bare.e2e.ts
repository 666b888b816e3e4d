/** A server on which much is missing: no agent, no key, no forge, then a provider that refuses. Everything that is missing is said
 *  with what to do about it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, onTestFinished } from "vitest";
import { picture, violations } from "./harness/browser.ts";
import { Server } from "./harness/server.ts";
import { stories } from "./harness/stories.ts";

const GOOD = "sk-good-0123456789";

/** A provider that knows one key, and a forge that knows nobody. */
const provider = createServer((request, response) => {
  const known = request.headers.authorization === `Bearer ${GOOD}`;
  response.writeHead(known ? 200 : 401, {
    "content-type": "application/json",
    "www-authenticate": 'Basic realm="forge"',
  });
  response.end(JSON.stringify(known ? { data: [] } : { error: { message: "bad key" } }));
});
await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
afterAll(() => void provider.close());
const { port } = provider.address() as AddressInfo;

const NO_AGENT = { TELECODER_AGENT_GYM_COMMAND: undefined, TELECODER_DEFAULT_AGENT: undefined };

const test = stories({
  ...NO_AGENT,
  GITHUB_SERVER_URL: `http://127.0.0.1:${port}`,
  GITHUB_API_URL: `http://127.0.0.1:${port}/api/v3`,
});

test("without an agent and a key, the inbox and a new task say so, and a task is refused with the remedy, its words kept", async ({
  window,
}) => {
  const { page } = await window();
  for (const place of ["/", "/new"]) {
    await page.goto(place);
    await page.getByRole("link", { name: "Install an agent" }).waitFor();
    await page.getByRole("link", { name: "Set a key" }).waitFor();
    expect(await violations(page), place).toEqual([]);
  }
  await picture(page, "new-task-missing");
  await page.getByLabel("What is to be done").fill("Fix the sum");
  await page.getByRole("button", { name: "Start the task" }).click();
  await page
    .getByRole("alert")
    .getByText(/telecoder agents install/)
    .waitFor();
  await expect.poll(() => page.getByLabel("What is to be done").inputValue()).toBe("Fix the sum");
  expect(await violations(page)).toEqual([]);
  await page.getByRole("link", { name: "Install an agent" }).click();
  await page.getByRole("button", { name: "Install goose" }).waitFor();
});

test("a forge without credentials and a path outside the roots are said where the repository is chosen", async ({
  window,
}) => {
  const { page } = await window();
  await page.goto("/new");
  const choose = async (name: string) => {
    await page.getByRole("button", { name: /^Repository/ }).click();
    await page.getByLabel("Find or name a repository").fill(name);
    await page.keyboard.press("Enter");
  };
  await choose("acme/api");
  await page
    .getByRole("alert")
    .getByText(/Cannot reach .*acme\/api/i)
    .waitFor();
  await page
    .getByRole("alert")
    .getByText(/Set GITHUB_TOKEN/)
    .waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "new-task-forge");
  await choose("/etc");
  await page
    .getByRole("alert")
    .getByText(/TELECODER_LOCAL_ROOTS/)
    .first()
    .waitFor();
});

test("a key is set, checked, and never shown again; a wrong one is told with what to do", async ({
  window,
}) => {
  // A provider of one's own may need no key, so only this server has one.
  const keyed = await Server.start({ ...NO_AGENT, OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` });
  onTestFinished(() => keyed.stop());
  const { page } = await window({ at: keyed });
  const other = await window({ at: keyed });
  await other.page.goto("/settings");
  await other.page.getByRole("button", { name: "Set the key of OpenAI" }).waitFor();
  await page.goto("/settings");
  await page.getByRole("button", { name: "Set the key of OpenAI" }).click();
  await page.getByLabel("New key of OpenAI").fill("sk-wrong-9876543210");
  await page.keyboard.press("Enter");
  await page.getByText(/checked just now/).waitFor();
  await expect.poll(() => page.locator("body").textContent()).not.toContain("9876543210");
  await expect.poll(() => page.getByText(/The key works/).count()).toBe(0);
  expect(await violations(page)).toEqual([]);
  await picture(page, "settings-wrong-key");
  // Another browser learns of it without a question.
  await other.page.getByRole("button", { name: "Replace the key of OpenAI" }).waitFor();
  await page.getByRole("button", { name: "Replace the key of OpenAI" }).click();
  await page.getByLabel("New key of OpenAI").fill(GOOD);
  await page.keyboard.press("Enter");
  await page.getByText(/The key works/).waitFor();
  await other.page.getByText(/The key works/).waitFor();
  for (const each of [page, other.page]) {
    await expect.poll(() => each.content()).not.toContain(GOOD);
    await expect.poll(() => each.evaluate(() => JSON.stringify(localStorage))).not.toContain("sk-");
  }
  await page.goto("/new");
  await page.getByRole("link", { name: "Install an agent" }).waitFor();
  await expect.poll(() => page.getByRole("link", { name: "Set a key" }).count()).toBe(0);
});
