/** Who gets in, and what is kept when access ends. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { close, picture, signIn, type Visit, violations, visit } from "./harness/browser.ts";
import { Server } from "./harness/server.ts";

// A server that listens beyond loopback needs a token, whoever runs it.
let server: Server;
const open: Visit[] = [];

async function window(): Promise<Visit> {
  const opened = await visit(server.url);
  open.push(opened);
  return opened;
}

beforeAll(async () => {
  server = await Server.start();
});
afterEach(async () => {
  for (const { context } of open.splice(0)) await context.close();
});
afterAll(async () => {
  await close();
  await server.stop();
});

test("a stranger sees the sign-in, a wrong token is refused in words, the right one leads to what was asked for", async () => {
  const { page, complaints } = await window();
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
  expect(complaints).toEqual([]);
});

test("a link signs in once, leads to its place, and leaves no code in the address", async () => {
  const { code } = await server.call<{ code: string }>("POST", "/api/login/links", {});
  const first = await window();
  await first.page.goto(`/login?code=${code}&to=/doctor`);
  await first.page.getByRole("heading", { name: "Doctor", level: 1 }).waitFor();
  expect(first.page.url()).not.toContain(code);
  const second = await window();
  await second.page.goto(`/login?code=${code}`);
  await second.page.getByRole("alert").waitFor();
  expect(second.page.url()).not.toContain(code);
});

test("a link cannot lead to another site", async () => {
  const { code } = await server.call<{ code: string }>("POST", "/api/login/links", {});
  const { page, foreign } = await window();
  await page.goto(`/login?code=${code}&to=${encodeURIComponent("//evil.example/x")}`);
  await page.getByRole("heading", { name: "Inbox", level: 1 }).waitFor();
  expect(foreign).toEqual([]);
});

test("access that ends over a draft is asked for in place, and the draft goes on", async () => {
  const { page, context } = await signIn(await window(), server);
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
  expect(await prompt.inputValue()).toBe("Half a thought");
});

test("signing out ends access in this browser", async () => {
  const { page } = await signIn(await window(), server);
  await page.goto("/");
  await page.getByRole("button", { name: "local" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to TeleCoder" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Sign in to TeleCoder" }).waitFor();
});
