/** The list of sessions: pages that follow one another, filters and search that live in the address, all of it live. */
import { expect } from "vitest";
import { violations } from "./harness/browser.ts";
import { stories } from "./harness/stories.ts";

/** More than one page of the list. */
const MANY = 60;

const test = stories(
  { TELECODER_MAX_SESSIONS: "1" },
  async (server) => {
    const repo = server.repository("calculator", { "calc.py": "a\n" });
    const first = await server.session([{ say: "Hello." }], { title: "The oldest", policy: "observe", repo });
    await server.until(first.id, "complete");
    // One works, the others wait behind it.
    const gate = await server.session([{ hang: true }], { title: "At work" });
    await server.until(gate.id, "running");
    for (let at = 1; at <= MANY; at += 1) await server.session([], { title: `Queued ${at}` });
  },
  120_000,
);

test("older sessions come page by page, filters and words narrow the list, and what is new stands on top at once", {
  timeout: 120_000,
}, async ({ server, window }) => {
  const { page } = await window();
  const rows = page.getByRole("main").locator("li a[data-row]");
  await page.goto("/sessions");
  await page.getByRole("link", { name: `Queued ${MANY}`, exact: true }).waitFor();
  await expect.poll(() => rows.count()).toBe(50);
  await expect.poll(() => page.getByRole("link", { name: "The oldest" }).count()).toBe(0);
  await page.getByRole("button", { name: "Load older sessions" }).scrollIntoViewIfNeeded();
  await page.getByRole("link", { name: "The oldest" }).waitFor();
  await expect.poll(() => rows.count()).toBe(MANY + 2);
  const names = await rows.allTextContents();
  expect(new Set(names).size, "none twice").toBe(MANY + 2);
  await server.session([], { title: "Newest of all" });
  await expect.poll(() => rows.first().textContent()).toBe("Newest of all");
  // Filters stand in the address, so that they can be shared and come back with a reload.
  await page.getByRole("button", { name: /^Status/ }).click();
  await page.getByRole("menuitemradio", { name: "Done" }).click();
  await expect.poll(() => rows.allTextContents()).toEqual(["The oldest"]);
  expect(new URL(page.url()).searchParams.get("status")).toBe("complete");
  await page.reload();
  await expect.poll(() => rows.allTextContents()).toEqual(["The oldest"]);
  await page.getByText("1 session matches").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Clear" }).click();
  await page.keyboard.press("/");
  await page.keyboard.type("queued 42");
  await expect.poll(() => rows.allTextContents()).toEqual(["Queued 42"]);
  await page.getByRole("searchbox").fill("nothing has these words");
  await page.getByRole("heading", { name: "No session matches" }).waitFor();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await page.getByRole("button", { name: /^Policy/ }).click();
  await page.getByRole("menuitemradio", { name: "observe" }).click();
  await expect.poll(() => rows.allTextContents()).toEqual(["The oldest"]);
});
