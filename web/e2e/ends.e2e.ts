/** What is ended in the browser: an access token that was made there, and a local pull request that nobody wants. */
import { expect } from "vitest";
import { violations } from "./harness/browser.ts";
import { stories } from "./harness/stories.ts";

const test = stories();

test("a token is made, shown once, works, and works no more once it is revoked", async ({
  server,
  window,
}) => {
  const { page } = await window();
  await page.goto("/settings");
  await page.getByRole("button", { name: "New token" }).click();
  await page.getByLabel("Name").fill("laptop");
  await page.getByLabel("It may").selectOption("read");
  await page.getByRole("dialog").getByRole("button", { name: /token/ }).click();
  await page.getByRole("heading", { name: "Copy the token now" }).waitFor();
  expect(await violations(page)).toEqual([]);
  const secret = (await page.getByRole("dialog").locator("code").textContent()) ?? "";
  const asks = () =>
    fetch(`${server.url}/api/sessions`, { headers: { authorization: `Bearer ${secret.trim()}` } });
  expect((await asks()).status).toBe(200);
  const writes = await fetch(`${server.url}/api/sessions`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret.trim()}`, "content-type": "application/json" },
    body: JSON.stringify({ prompt: "x" }),
  });
  expect(writes.status, "it may only read").toBe(403);
  await page.getByRole("button", { name: /^(Done|I have it)/ }).click();
  await page.reload();
  await page.getByRole("button", { name: "Revoke laptop" }).waitFor();
  await expect.poll(() => page.content()).not.toContain(secret.trim());
  await page.getByRole("button", { name: "Revoke laptop" }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /^Revoke/ })
    .click();
  // What lies behind a dialog is not there for who asks by role: the dialog goes first.
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Revoke laptop" }).waitFor({ state: "detached" });
  expect((await asks()).status).toBe(401);
});

test("a local pull request that nobody wants is closed, and stays in the list as closed", async ({
  server,
  window,
}) => {
  const { id } = await server.session([{ write: ["a.txt", "x\n"] }, { say: "Made a file." }], {
    repo: server.repository("unwanted", { "README.md": "a\n" }),
  });
  await server.until(id, "complete");
  const { page } = await window();
  await page.goto("/pulls");
  await page.getByRole("link", { name: "Made a file" }).click();
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await page.getByRole("button", { name: "Close the pull request" }).click();
  await page.getByText("Closed").first().waitFor();
  await expect.poll(() => page.getByRole("button", { name: "Merge", exact: true }).count()).toBe(0);
  expect(await violations(page)).toEqual([]);
});
