/** Who gets in, and what is kept when access ends. */
import type { Page, Request } from "playwright-core";
import { expect } from "vitest";
import { picture, violations } from "./harness/browser.ts";
import { stories } from "./harness/stories.ts";

// A server that listens beyond loopback needs a token, whoever runs it.
const test = stories();

test("a stranger sees the sign-in, a wrong token is refused in words, the right one leads to what was asked for", async ({
  server,
  window,
}) => {
  const { page } = await window({ stranger: true });
  await page.goto("/agents");
  await page.getByRole("heading", { name: "Sign in to TeleCoder" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "sign-in");
  await page.getByLabel("Token").fill("tc_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Token").fill(server.token);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Agents", level: 1 }).waitFor();
});

test("a link signs in once, leads to its place, and leaves no code in the address", async ({
  server,
  window,
}) => {
  const { code } = await server.call<{ code: string }>("POST", "/api/login/links", {});
  const first = await window({ stranger: true });
  await first.page.goto(`/login?code=${code}&to=/doctor`);
  await first.page.getByRole("heading", { name: "Doctor", level: 1 }).waitFor();
  expect(first.page.url()).not.toContain(code);
  const second = await window({ stranger: true });
  await second.page.goto(`/login?code=${code}`);
  await second.page.getByRole("alert").waitFor();
  expect(second.page.url()).not.toContain(code);
});

test("an answer from before the sign-in that comes after it changes nothing", async ({ server, window }) => {
  const { code } = await server.call<{ code: string }>("POST", "/api/login/links", {});
  const { page } = await window({ stranger: true });
  const over = page.waitForEvent("request", (request) => request.url().endsWith("/api/me")).then(gone(page));
  await page.route(
    "**/api/me",
    async (route) => {
      const response = await route.fetch();
      await page.waitForURL("**/agents");
      // The page may have given the request up.
      await route.fulfill({ response }).catch(() => {});
    },
    { times: 1 },
  );
  await page.goto(`/login?code=${code}&to=/agents`);
  await over;
  await page.getByRole("link", { name: "Repositories" }).click();
  await page.getByRole("heading", { name: "Repositories", level: 1 }).waitFor();
});

test("a link cannot lead to another site", async ({ server, window }) => {
  const { code } = await server.call<{ code: string }>("POST", "/api/login/links", {});
  const { page } = await window({ stranger: true });
  await page.goto(`/login?code=${code}&to=${encodeURIComponent("//evil.example/x")}`);
  await page.getByRole("heading", { name: "Inbox", level: 1 }).waitFor();
});

test("access that ends over a draft is asked for in place, and the draft goes on", async ({
  server,
  window,
}) => {
  const { page, context } = await window();
  await page.goto("/new");
  const prompt = page.getByLabel("What is to be done");
  await prompt.fill("Half a thought");
  await context.clearCookies();
  await page.getByRole("button", { name: "Start the task" }).click();
  await page.getByRole("dialog", { name: "Sign in again" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByLabel("Token").fill(server.token);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await expect.poll(() => prompt.inputValue()).toBe("Half a thought");
});

test("signing out ends access in this browser", async ({ window }) => {
  const { page } = await window();
  await page.goto("/");
  await page.getByRole("button", { name: "local" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to TeleCoder" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Sign in to TeleCoder" }).waitFor();
});

/** Waits until a request is over for the page, whether it was answered or given up. */
const gone = (page: Page) => async (request: Request) => {
  const same = (other: Request) => other === request;
  await Promise.race([page.waitForEvent("requestfinished", same), page.waitForEvent("requestfailed", same)]);
};
