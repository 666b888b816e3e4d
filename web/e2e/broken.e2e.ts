/** What does not work in the page itself: code that is gone since the server was updated, answers that nobody foresaw. The page
 *  says so, has a way out, and keeps what was written. */
import { expect } from "vitest";
import { picture, type Visit, violations } from "./harness/browser.ts";
import { stories } from "./harness/stories.ts";

const test = stories({}, async (server) => {
  const { id } = await server.session([{ say: "Hello." }], { title: "Looked at", publish: "manual" });
  await server.until(id, "complete");
  return { id };
});

/** What React says about an error that a boundary caught is no news. */
function caught({ complaints }: Visit, what: RegExp, least = 1): void {
  expect(complaints.length).toBeGreaterThanOrEqual(least);
  for (const complaint of complaints.splice(0)) expect(complaint).toMatch(what);
}

const GONE = /dynamically imported module/;

test("a page whose code is gone since an update is loaded anew by itself, and a draft outlives it", async ({
  window,
}) => {
  const visited = await window();
  const { page } = visited;
  await page.goto("/new");
  const words = page.getByLabel("What is to be done");
  await words.fill("Half a thought");
  let asked = 0;
  await page.route(/\/assets\/agents-page-.*\.js$/, async (route) => {
    asked += 1;
    await (asked === 1 ? route.fulfill({ status: 404, body: "" }) : route.fallback());
  });
  await page.getByRole("link", { name: "Agents" }).click();
  await page.getByRole("heading", { name: "Agents", level: 1 }).waitFor();
  expect(asked).toBe(2);
  await page.getByRole("link", { name: "New task" }).first().click();
  await expect.poll(() => words.inputValue()).toBe("Half a thought");
  // The reload may be quicker than the word about it.
  caught(visited, GONE, 0);
});

test("where that does not help, the page says so and offers a reload and a way home", async ({ window }) => {
  const visited = await window();
  const { page } = visited;
  await page.goto("/new");
  const words = page.getByLabel("What is to be done");
  await words.fill("Half a thought");
  const code = /\/assets\/agents-page-.*\.js$/;
  await page.route(code, (route) => route.fulfill({ status: 404, body: "" }));
  await page.getByRole("link", { name: "Agents" }).click();
  await page.getByRole("heading", { name: "This page needs a reload", level: 1 }).waitFor();
  await page.getByText("Drafts are kept").waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "needs-reload");
  await page.getByRole("main").getByRole("link", { name: "Go to the inbox" }).click();
  await page.getByRole("heading", { name: "Inbox", level: 1 }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "This page needs a reload", level: 1 }).waitFor();
  await page.unroute(code);
  await page.getByRole("button", { name: "Reload the page" }).click();
  await page.getByRole("heading", { name: "Agents", level: 1 }).waitFor();
  await page.getByRole("link", { name: "New task" }).first().click();
  await expect.poll(() => words.inputValue()).toBe("Half a thought");
  caught(visited, GONE);
});

test("a menu or a dialog whose code is gone takes nothing of the page with it", async ({ made, window }) => {
  const visited = await window();
  const { page } = visited;
  await page.route(/\/assets\/(palette|key-help|user-menu|more-actions)-.*\.js$/, (route) =>
    route.fulfill({ status: 404, body: "" }),
  );
  await page.goto(`/sessions/${made.id}`);
  await page.getByRole("heading", { name: "Looked at", level: 1 }).waitFor();
  await page.getByRole("button", { name: "More actions" }).click();
  const news = page.getByRole("region", { name: "News" }).getByText("This part of the page did not load");
  await news.waitFor();
  await page.getByRole("link", { name: "New task" }).first().click();
  const words = page.getByLabel("What is to be done");
  await words.fill("Half a thought");
  await page.getByRole("button", { name: "Dismiss" }).click();
  await news.waitFor({ state: "detached" });
  await page.keyboard.press("Control+k");
  await news.waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "part-gone");
  await expect.poll(() => words.inputValue()).toBe("Half a thought");
  caught(visited, GONE);
});

test("a page that breaks over an answer says so, keeps the words, and is whole once the answer is", async ({
  made,
  server,
  window,
}) => {
  const visited = await window();
  const { page } = visited;
  await page.goto(`/sessions/${made.id}`);
  await page.getByLabel("Message to the agent").fill("Half a thought");
  const answer = `**/api/sessions/${made.id}`;
  await page.route(answer, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), policy: null } });
  });
  // The page asks anew, and gets what it cannot draw.
  await server.call("PATCH", `/api/sessions/${made.id}`, { title: "Renamed" });
  await page.getByRole("heading", { name: "This page broke", level: 1 }).waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "page-broke");
  // The rest goes on.
  await page.getByRole("link", { name: "Sessions" }).first().click();
  await page.getByRole("heading", { name: "Sessions", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Renamed" }).click();
  await page.getByRole("heading", { name: "This page broke", level: 1 }).waitFor();
  await page.unroute(answer);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "Renamed", level: 1 }).waitFor();
  await expect.poll(() => page.getByLabel("Message to the agent").inputValue()).toBe("Half a thought");
  caught(visited, /Cannot read properties of null/);
});

test("where the frame itself breaks, there is a way out too", async ({ window }) => {
  const visited = await window();
  const { page } = visited;
  const answer = "**/api/inbox*";
  await page.route(answer, (route) => route.fulfill({ json: {} }));
  await page.goto("/agents");
  await page.getByRole("heading", { name: "This page broke", level: 1 }).waitFor();
  await page.unroute(answer);
  await page.getByRole("link", { name: "Go to the inbox" }).click();
  await page.getByRole("heading", { name: "Inbox", level: 1 }).waitFor();
  caught(visited, /Cannot read properties of undefined/);
});
