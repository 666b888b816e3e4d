/** Every screen, dark and light, at a desk and on a phone: nothing that axe minds, no complaint, no foreign request, no sideways scroll. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { picture, violations } from "./harness/browser.ts";
import { type Scenes, scenes } from "./harness/scenes.ts";
import { stories } from "./harness/stories.ts";

const test = stories({ TELECODER_MAX_SESSIONS: "2" }, scenes, 120_000);

/** What axe looks at that a theme changes. */
const COLOURS = ["color-contrast", "link-in-text-block"];

interface Screen {
  name: string;
  place: string;
  heading: string;
  /** What is done before it is looked at. */
  act?: (page: Page) => Promise<void>;
}

const tab = (name: string) => async (page: Page) => {
  await page.getByRole("tab", { name: new RegExp(`^${name}`) }).click();
};
const press = (name: string | RegExp) => async (page: Page) => {
  await page.getByRole("button", { name }).first().click();
};

const screens = (made: Scenes): Screen[] => {
  const done = { place: `/sessions/${made.done}`, heading: "Count money in whole cents" };
  return [
    { name: "inbox", place: "/", heading: "Inbox" },
    { name: "inbox-outcome", place: "/", heading: "Inbox", act: press("Show the outcome") },
    { name: "new-task", place: `/new?repo=${encodeURIComponent(made.repo)}`, heading: "New task" },
    {
      name: "new-task-written",
      place: `/new?repo=${encodeURIComponent(made.repo)}&prompt=${encodeURIComponent("Round **once**:\n\n- where a price comes in\n- nowhere else\n\n```py\nreturn cents(price)\n```")}`,
      heading: "New task",
      act: async (page) => {
        await press("Preview")(page);
        await page.getByText("nowhere else").waitFor();
      },
    },
    { name: "new-task-repository", place: "/new", heading: "New task", act: press(/^Repository/) },
    { name: "new-task-policy", place: "/new", heading: "New task", act: press(/^Policy/) },
    {
      name: "palette",
      place: "/",
      heading: "Inbox",
      act: async (page) => {
        await page.keyboard.press("Control+k");
        await page.getByRole("option", { name: /whole cents/ }).waitFor();
      },
    },
    {
      name: "keys",
      place: `/sessions/${made.done}`,
      heading: "Count money in whole cents",
      act: async (page) => {
        await page.keyboard.press("?");
        await page.getByRole("dialog", { name: "Keys" }).waitFor();
      },
    },
    { name: "sessions", place: "/sessions", heading: "Sessions" },
    { name: "sessions-none", place: "/sessions?q=nothing+has+this", heading: "Sessions" },
    { ...done, name: "session-outcome", act: tab("Outcome") },
    { ...done, name: "session-diff", act: tab("Diff") },
    {
      ...done,
      name: "session-split",
      act: async (page) => {
        await tab("Diff")(page);
        // On a phone there is no room for two versions.
        if ((page.viewportSize()?.width ?? 0) > 640) await press(/^(Side by side|Unified)$/)(page);
      },
    },
    { ...done, name: "session-files", act: tab("Files") },
    { ...done, name: "session-details", act: tab("Details") },
    { ...done, name: "session-publish", act: press(/^Publish/) },
    { ...done, name: "session-more", act: press("More actions") },
    {
      ...done,
      name: "session-remove",
      act: async (page) => {
        await press("More actions")(page);
        await page.getByRole("menuitem", { name: /^Remove/ }).click();
        await page.getByText(/no way back/).waitFor();
      },
    },
    { name: "session-running", place: `/sessions/${made.running}`, heading: "Speed up the checkout tests" },
    { name: "session-waiting", place: `/sessions/${made.waiting}`, heading: "Release version 2.4" },
    {
      name: "session-failed",
      place: `/sessions/${made.failed}`,
      heading: "Upgrade to Python 3.14",
      act: tab("Outcome"),
    },
    {
      name: "session-answered",
      place: `/sessions/${made.answered}`,
      heading: "Explain how discounts are applied",
      act: tab("Outcome"),
    },
    { name: "session-unknown", place: "/sessions/aaaaaaaaaaaa", heading: "Session" },
    {
      name: "pull-merge",
      place: "/pulls/1",
      heading: "Count money in whole cents #1",
      act: press(/^Merge$/),
    },
    {
      name: "settings-key",
      place: "/settings",
      heading: "Settings",
      act: press(/^Set the key of OpenAI/),
    },
    { name: "settings-token", place: "/settings", heading: "Settings", act: press("New token") },
    { name: "pulls", place: "/pulls", heading: "Pull requests" },
    { name: "pull", place: "/pulls/1", heading: "Count money in whole cents #1" },
    { name: "agents", place: "/agents", heading: "Agents" },
    { name: "repositories", place: "/repositories", heading: "Repositories" },
    { name: "settings", place: "/settings", heading: "Settings" },
    { name: "doctor", place: "/doctor", heading: "Doctor" },
    { name: "nothing", place: "/no/such/place", heading: "There is nothing here" },
  ];
};

/** What makes the page wider than its window. */
const sideways = (page: Page) =>
  page.evaluate(() =>
    document.documentElement.scrollWidth <= innerWidth
      ? []
      : [...document.querySelectorAll("body *")]
          .filter((element) => element.getBoundingClientRect().right > innerWidth)
          .map((element) => element.outerHTML.slice(0, 200)),
  );

type Size = [width: number, height: number];

for (const [where, sizes] of [
  ["at a desk", [[1440, 900]]],
  // The second is what a desk of 1,280 pixels shows at 400 %.
  [
    "on a phone",
    [
      [390, 844],
      [320, 256],
    ],
  ],
] as [string, Size[]][]) {
  test(`every screen ${where}`, { timeout: 300_000 }, async ({ made, window }) => {
    const { page } = await window({ theme: "system" });
    for (const { name, place, heading, act } of screens(made)) {
      for (const [at, [width, height]] of sizes.entries()) {
        await page.setViewportSize({ width, height });
        if (at === 0) await show(page, place, heading, act);
        expect(await sideways(page), `${name} scrolls sideways at ${width}`).toEqual([]);
        for (const theme of ["dark", "light"] as const) {
          await page.emulateMedia({ colorScheme: theme });
          await page.locator(`html[data-theme="${theme}"]`).waitFor({ state: "attached" });
          // A theme changes colours and nothing else; zoom changes the room, not what axe looks at.
          const rules = theme === "dark" ? undefined : COLOURS;
          if (at === 0) expect(await violations(page, rules), `${name}, ${theme}`).toEqual([]);
          await picture(page, `${name}-${theme}-${width}`);
        }
      }
    }
  });
}

/** Loads a place, does there what is to be done, and waits until all of it is drawn. */
async function show(page: Page, place: string, heading: string, act: Screen["act"]): Promise<void> {
  await page.goto(place);
  await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
  await act?.(page);
  await page.waitForFunction(() => document.querySelector('[role="status"][aria-label^="Load"]') === null);
}

test("a theme that somebody chose is kept, and holds before the first paint", async ({ window }) => {
  const { page } = await window();
  await page.goto("/");
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await expect.poll(() => theme()).toBe("dark");
  await page.getByRole("button", { name: "local" }).click();
  await page.getByRole("menuitem", { name: "Light theme" }).click();
  await expect.poll(() => theme()).toBe("light");
  await page.route(/\.js$/, (route) =>
    /theme/.test(route.request().url()) ? route.fallback() : route.abort(),
  );
  await page.reload();
  await expect.poll(() => theme()).toBe("light");
});
