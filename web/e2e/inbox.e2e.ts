/** From the first task to a seen inbox; decisions in place; keys; two windows; a server that comes back. */
import { expect } from "vitest";
import { picture, violations } from "./harness/browser.ts";
import { prompt } from "./harness/server.ts";
import { stories } from "./harness/stories.ts";

const test = stories({ TELECODER_MAX_SESSIONS: "1" });

test("a first visit leads to a first task, whose outcome waits in the inbox until it is seen, in every window", async ({
  server,
  window,
}) => {
  const repository = server.repository("calculator", { "calc.py": "def add(a, b):\n    return a - b\n" });
  const { page } = await window();
  await page.goto("/");
  await page.getByRole("heading", { name: "Give an agent its first task" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "first-run");
  await page.getByRole("link", { name: /Explain how configuration/ }).click();
  const words = page.getByLabel("What is to be done");
  await expect.poll(() => words.inputValue()).toMatch(/^Explain how/);
  await words.fill(prompt("Fix the sum", [{ write: ["calc.py", "def add(a, b):\n    return a + b\n"] }]));
  await page.getByRole("button", { name: /^Repository/ }).click();
  await page.getByLabel("Find or name a repository").fill(repository);
  await page.keyboard.press("Enter");
  await page.getByText(/on a copy of calculator from main/).waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "new-task");
  await page.reload();
  await expect.poll(() => words.inputValue()).toContain("Fix the sum");
  await page.getByRole("button", { name: "Start the task" }).click();
  await page.waitForURL(/\/sessions\/[a-z2-7]{12}$/);
  const id = page.url().split("/").at(-1) ?? "";
  await server.until(id, "complete");
  await page.getByRole("link", { name: /^Inbox/ }).click();
  await page.getByRole("heading", { name: "Done since you were here" }).waitFor();
  const other = await window();
  await other.page.goto("/");
  await other.page.getByRole("heading", { name: "Done since you were here" }).waitFor();
  await page.getByRole("button", { name: "Show the outcome" }).click();
  await page.getByText("calc.py (+1 −1)").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Mark all as seen" }).click();
  await page.getByRole("heading", { name: "Seen before" }).waitFor();
  await other.page.getByRole("heading", { name: "Seen before" }).waitFor();
});

test("a request is approved in place by keys, and one is denied on a phone", async ({ server, window }) => {
  const first = await server.asking("Publish the package", [
    {
      ask: "Run ./release.sh",
      kind: "execute",
      allowed: [{ say: "Released." }],
      rejected: [{ say: "Left alone." }],
    },
  ]);
  const { page } = await window();
  await page.goto("/");
  await page.getByRole("heading", { name: "Needs you (1)" }).waitFor();
  await page.getByRole("heading", { name: "Run ./release.sh" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "needs-you");
  await page.keyboard.press("a");
  await page.keyboard.press("a");
  await page.getByRole("heading", { name: /^Needs you/ }).waitFor({ state: "detached" });
  await server.until(first, "complete");
  const second = await server.asking("Delete the universe", [
    {
      ask: "rm -rf /",
      kind: "delete",
      rejected: [{ say: "Kept." }],
    },
  ]);
  const phone = await window({ viewport: { width: 390, height: 844 }, hasTouch: true });
  await phone.page.goto("/");
  await phone.page.getByRole("heading", { name: "rm -rf /" }).waitFor();
  expect(await violations(phone.page)).toEqual([]);
  await picture(phone.page, "needs-you-phone");
  await phone.page.getByRole("button", { name: "Deny" }).tap();
  await server.until(second, "complete");
  const [approval] = await server.call<unknown[]>("GET", "/api/approvals");
  expect(approval).toBeUndefined();
});

test("keys alone go everywhere", async ({ window }) => {
  const { page } = await window();
  await page.goto("/");
  await page.getByRole("heading", { name: "Inbox", level: 1 }).waitFor();
  for (const [first, second, name] of [
    ["g", "s", "Sessions"],
    ["g", "a", "Agents"],
    ["g", "i", "Inbox"],
  ] as const) {
    await page.keyboard.press(first);
    await page.keyboard.press(second);
    await page.getByRole("heading", { name, level: 1 }).waitFor();
  }
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("sum");
  await page
    .getByRole("option", { name: /calc|sum/i })
    .first()
    .waitFor();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/sessions\/[a-z2-7]{12}$/);
  await page.keyboard.press("c");
  await page.getByRole("heading", { name: "New task" }).waitFor();
  await page.keyboard.press("Tab");
});

test("while the server is away the page keeps what it shows, and is true again when it is back", async ({
  server,
  window,
}) => {
  const { page } = await window();
  await page.goto("/");
  await page.getByRole("heading", { name: "Seen before" }).waitFor();
  await server.kill();
  await page.getByText("Reconnecting…").waitFor();
  await page.getByRole("heading", { name: "Seen before" }).waitFor();
  await server.start();
  await page.getByText("Reconnecting…").waitFor({ state: "detached" });
  const { id } = await server.session([{ say: "Made while you looked." }]);
  await server.until(id, "complete");
  await page.getByText(/Made while you looked/).waitFor();
});
