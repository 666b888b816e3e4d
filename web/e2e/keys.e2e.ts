/** The whole story by somebody who has only a keyboard: ask, read, publish, merge, remove. Nothing is pointed at. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { violations } from "./harness/browser.ts";
import { prompt } from "./harness/server.ts";
import { stories } from "./harness/stories.ts";

const test = stories({}, (server) => ({
  repo: server.repository("calculator", { "calc.py": "def add(a, b):\n    return a - b\n" }),
}));

/** Goes from element to element until one is called this. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let left = 80; left > 0; left -= 1) {
    await page.keyboard.press("Tab");
    const called = await page.evaluate(
      () =>
        document.activeElement?.getAttribute("aria-label") ??
        document.activeElement?.textContent?.trim() ??
        "",
    );
    if (name.test(called)) return;
  }
  throw new Error(`no way by Tab to ${name}`);
}

/** Goes down an open menu to an item. The menu takes the focus a moment after it is there, and moves it a moment after a key. */
async function downTo(page: Page, name: RegExp): Promise<void> {
  const chosen = () =>
    page.evaluate(() => {
      const { activeElement } = document;
      return activeElement?.closest('[role="menu"]') ? (activeElement.textContent?.trim() ?? "") : null;
    });
  await expect.poll(chosen).not.toBeNull();
  for (let left = 10; left > 0; left -= 1) {
    const before = await chosen();
    if (name.test(before ?? "")) return;
    await page.keyboard.press("ArrowDown");
    await expect.poll(chosen).not.toBe(before);
  }
  throw new Error(`no way down to ${name}`);
}

test("with a keyboard alone a task is asked for, published, merged, and its session removed", {
  timeout: 120_000,
}, async ({ server, made, window }) => {
  const { page } = await window();
  const { keyboard } = page;
  await page.goto("/");
  await page.getByRole("heading", { name: "Give an agent its first task" }).waitFor();
  await keyboard.press("c");
  await page.getByRole("heading", { name: "New task" }).waitFor();
  // Whoever comes to write can write at once.
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("TEXTAREA");
  await keyboard.insertText(
    prompt("Fix the sum", [
      { write: ["calc.py", "def add(a, b):\n    return a + b\n"] },
      { say: "It adds." },
    ]),
  );
  await tabTo(page, /^Repository/);
  await keyboard.press("Enter");
  await keyboard.type(made.repo);
  await keyboard.press("Enter");
  await page.getByText(/on a copy of calculator from main/).waitFor();
  await tabTo(page, /^Publishing/);
  await keyboard.press("Enter");
  await downTo(page, /^Publish by hand/);
  await keyboard.press("Enter");
  await page.getByRole("button", { name: /^Publishing: Publish by hand/ }).waitFor();
  await tabTo(page, /^Start the task/);
  await keyboard.press("Enter");
  await page.waitForURL(/\/sessions\/[a-z2-7]{12}$/);
  const id = page.url().split("/").at(-1) ?? "";
  await server.until(id, "complete");
  await page.getByRole("button", { name: "Publish", exact: true }).waitFor();
  await tabTo(page, /^Publish$/);
  await keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Publish" });
  await dialog.getByLabel("Title").waitFor();
  expect(await violations(page)).toEqual([]);
  await tabTo(page, /^Open the pull request/);
  await keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await page
    .getByRole("link", { name: /pull request #1/ })
    .first()
    .waitFor();
  await tabTo(page, /^pull request #1/);
  await keyboard.press("Enter");
  await page.getByRole("button", { name: "Merge", exact: true }).waitFor();
  await tabTo(page, /^Merge$/);
  await keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await tabTo(page, /^Merge the pull request/);
  await keyboard.press("Enter");
  await page.getByText(/^Merged as/).waitFor();
  await tabTo(page, /^Its session/);
  await keyboard.press("Enter");
  await page.waitForURL(new RegExp(id));
  await page.getByRole("button", { name: "More actions" }).waitFor();
  await tabTo(page, /^More actions/);
  await keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Copy the link" }).waitFor();
  await keyboard.press("ArrowUp");
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.textContent?.trim()))
    .toMatch(/^Remove/);
  await keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Remove this session?" }).waitFor();
  // What is safe has the focus first.
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent?.trim())).toBe("Keep it");
  await tabTo(page, /^Remove the session/);
  await keyboard.press("Enter");
  await page.waitForURL(/\/sessions$/);
  await page.getByText(/^Removed “/).waitFor();
});
