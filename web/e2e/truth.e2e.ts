/** What is true on the server is what every window shows: titles, removals and settings that change elsewhere, a session that
 *  goes while it is looked at, access that ends in one tab. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { picture, violations } from "./harness/browser.ts";
import { prompt, type Server } from "./harness/server.ts";
import { stories } from "./harness/stories.ts";

/** A session that has ended. */
async function ended(server: Server, title: string, more: object = {}): Promise<string> {
  const { id } = await server.session([{ say: "Hello." }], { title, publish: "manual", ...more });
  await server.until(id, "complete");
  return id;
}

const test = stories({ TELECODER_MAX_SESSIONS: "2" }, (server) => ({
  repo: server.repository("calculator", { "calc.py": "a\n" }),
}));

test("a title that is changed from anywhere is changed everywhere, without a question", async ({
  server,
  window,
}) => {
  const id = await ended(server, "Before");
  const [head, list, inbox] = [await window(), await window(), await window()];
  await head.page.goto(`/sessions/${id}`);
  await head.page.getByRole("heading", { name: "Before", level: 1 }).waitFor();
  await list.page.goto("/sessions");
  await list.page.getByRole("link", { name: "Before" }).waitFor();
  await inbox.page.goto("/");
  await inbox.page.getByRole("heading", { name: "Done since you were here" }).waitFor();
  // No browser does it: the command line, or another person.
  await server.call("PATCH", `/api/sessions/${id}`, { title: "After" });
  await head.page.getByRole("heading", { name: "After", level: 1 }).waitFor();
  await list.page.getByRole("link", { name: "After" }).waitFor();
  await expect.poll(() => head.page.title()).toBe("After · TeleCoder");
});

test("a session is removed after a question, is gone from every list, and the focus comes back where nothing was removed", async ({
  server,
  window,
}) => {
  const id = await ended(server, "Old work");
  const kept = await ended(server, "Kept work");
  const { page } = await window();
  const other = await window();
  await other.page.goto("/sessions");
  await other.page.getByRole("link", { name: "Old work" }).waitFor();
  await page.goto(`/sessions/${id}`);
  const more = page.getByRole("button", { name: "More actions" });
  await more.click();
  await page.getByRole("menuitem", { name: "Copy the link" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole("menuitem", { name: /^Remove/ }).click();
  const dialog = page.getByRole("dialog", { name: "Remove this session?" });
  await dialog.getByText(/no way back/).waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "remove");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await expect.poll(() => more.evaluate((button) => button === document.activeElement)).toBe(true);
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: /^Remove/ }).click();
  // The answer comes later than the news of it, as it may.
  await page.route(`**/api/sessions/${id}`, async (route) => {
    if (route.request().method() !== "DELETE") return await route.fallback();
    const response = await route.fetch();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await route.fulfill({ response });
  });
  await dialog.getByRole("button", { name: "Remove the session" }).click();
  await page.waitForURL(/\/sessions$/);
  await page.getByText("Removed “Old work”").waitFor();
  await page.getByRole("link", { name: "Kept work" }).waitFor();
  await expect.poll(() => page.getByRole("link", { name: "Old work" }).count()).toBe(0);
  await other.page.getByRole("link", { name: "Old work" }).waitFor({ state: "detached" });
  expect((await server.call<{ id: string }[]>("GET", "/api/sessions")).map((each) => each.id)).toContain(
    kept,
  );
  // An address that somebody kept leads to words, not to a wreck.
  await page.goto(`/sessions/${id}`);
  await page.getByRole("alert").waitFor();
  await page.getByRole("link", { name: "All sessions" }).waitFor();
});

test("a session that works is stopped before it is removed; one with an open pull request says what to do", async ({
  server,
  made,
  window,
}) => {
  const { id } = await server.session([{ hang: true }], { title: "At work" });
  await server.until(id, "running");
  const { page } = await window();
  await page.goto(`/sessions/${id}`);
  await page.getByRole("button", { name: "More actions" }).click();
  const item = page.getByRole("menuitem", { name: /^Remove/ });
  await item.getByText("Stop it first").waitFor();
  await expect.poll(() => item.getAttribute("aria-disabled")).toBe("true");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByRole("button", { name: "Stop the session" }).click();
  await server.until(id, "stopped");
  const { id: published } = await server.session([{ write: ["calc.py", "b\n"] }], {
    repo: made.repo,
    title: "Published",
  });
  await server.until(published, "complete");
  await page.goto(`/sessions/${published}`);
  await page
    .getByRole("link", { name: /pull request #1/ })
    .first()
    .waitFor();
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: /^Remove/ }).click();
  await page.getByRole("button", { name: "Remove the session" }).click();
  await page
    .getByRole("dialog")
    .getByText(/local pull request 1 is open/)
    .waitFor();
  await page
    .getByRole("dialog")
    .getByText(/merge or close it first/i)
    .waitFor();
  expect(await violations(page)).toEqual([]);
});

test("a session that is removed while somebody writes to it says so at once, and hands the words over", async ({
  server,
  window,
}) => {
  const id = await ended(server, "Looked at");
  const { page } = await window();
  await page.goto(`/sessions/${id}`);
  await page.getByLabel("Message to the agent").fill("Half a thought");
  await server.call("DELETE", `/api/sessions/${id}`);
  await page.getByRole("heading", { name: "This session was removed" }).waitFor();
  await page.getByText("Half a thought").waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "removed-meanwhile");
  await page.getByRole("link", { name: "Use it for a new task" }).click();
  await expect.poll(() => page.getByLabel("What is to be done").inputValue()).toBe("Half a thought");
});

test("who signs out in one tab is out in the other, and whoever signs in again there finds both as they were", async ({
  server,
  window,
}) => {
  const { page, context } = await window();
  const other = await context.newPage();
  await other.goto("/new");
  await other.getByLabel("What is to be done").fill("Half a thought");
  await page.goto("/sessions");
  await page.getByRole("button", { name: "local" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to TeleCoder" }).waitFor();
  await other.getByRole("heading", { name: "Sign in to TeleCoder" }).waitFor();
  await other.getByLabel("Token").fill(server.token);
  await other.keyboard.press("Enter");
  await expect.poll(() => other.getByLabel("What is to be done").inputValue()).toBe("Half a thought");
  await page.getByRole("heading", { name: "Sessions", level: 1 }).waitFor();
});

test("a session and its rerun name each other, in every window that is open", async ({ server, window }) => {
  const id = await ended(server, "First try");
  const first = await window();
  const { page } = await window();
  const lineage = (page: Page) => page.getByRole("region", { name: "Lineage" }).getByRole("listitem");
  for (const each of [first.page, page]) {
    await each.goto(`/sessions/${id}`);
    await each.getByRole("tab", { name: "Details" }).click();
    await expect.poll(() => lineage(each).count()).toBe(1);
  }
  await page.getByRole("button", { name: "Rerun" }).click();
  await page.waitForURL(
    (url) => /\/sessions\/[a-z2-7]{12}$/.test(url.pathname) && !url.pathname.endsWith(id),
  );
  const rerun = page.url().split("/").at(-1) ?? "";
  await server.until(rerun, "complete");
  await page.getByRole("tab", { name: "Details" }).click();
  await expect.poll(() => lineage(page).count()).toBe(2);
  await expect.poll(() => lineage(page).getByRole("link").getAttribute("href")).toBe(`/sessions/${id}`);
  // Whoever looks at the first one sees that there is a second.
  await expect.poll(() => lineage(first.page).count()).toBe(2);
  await lineage(first.page).getByRole("link").click();
  await first.page.waitForURL(`**/sessions/${rerun}`);
  await lineage(page).getByRole("link").click();
  await page.waitForURL(`**/sessions/${id}`);
  await page.getByRole("heading", { name: "First try", level: 1 }).waitFor();
  expect(await violations(page)).toEqual([]);
});

test("what waits for a person is told in the tab's title, and to screen readers", async ({
  server,
  made,
  window,
}) => {
  const { id } = await server.session([{ write: ["asked.txt", "x\n"] }], {
    repo: made.repo,
    title: "Ask",
    publish: "ask",
  });
  const { page } = await window();
  await page.goto("/agents");
  await page.getByRole("status").getByText("1 request waits for you").waitFor();
  await expect.poll(() => page.title()).toBe("(1) Agents · TeleCoder");
  const [approval] = await server.call<{ id: string }[]>("GET", "/api/approvals");
  await server.call("POST", `/api/approvals/${approval?.id}`, { decision: "deny" });
  await expect.poll(() => page.title()).toBe("Agents · TeleCoder");
  await page.goto(`/sessions/${id}`);
  await page.getByRole("status").getByText("This session: Done").waitFor();
});

test("a server that dies under a draft loses no word, and takes the task when it is back", async ({
  server,
  window,
}) => {
  const { page } = await window();
  await page.goto("/new");
  const words = page.getByLabel("What is to be done");
  await words.fill(prompt("Say hello", [{ say: "Hello again." }]));
  await server.kill();
  await page.getByRole("button", { name: "Start the task" }).click();
  await page.getByRole("alert").getByText("The server does not answer").waitFor();
  await expect.poll(() => words.inputValue()).toContain("Say hello");
  expect(await violations(page)).toEqual([]);
  await picture(page, "new-task-offline");
  await server.start();
  await page.reload();
  await expect.poll(() => words.inputValue()).toContain("Say hello");
  await page.getByRole("button", { name: "Start the task" }).click();
  await page.waitForURL(/\/sessions\/[a-z2-7]{12}$/);
  await page.getByText("Hello again.").first().waitFor();
});
