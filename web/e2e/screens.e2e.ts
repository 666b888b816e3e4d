/** Every screen, dark and light, at a desk and on a phone: nothing that axe minds, no complaint, no foreign request, no sideways scroll. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { close, picture, signIn, violations, visit } from "./harness/browser.ts";
import { type Scenes, scenes } from "./harness/scenes.ts";
import { Server } from "./harness/server.ts";

let server: Server;
let made: Scenes;

beforeAll(async () => {
  server = await Server.start({ TELECODER_MAX_SESSIONS: "2" });
  made = await scenes(server);
}, 120_000);
afterAll(async () => {
  await close();
  await server.stop();
});

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

const screens = (): Screen[] => {
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

for (const theme of ["dark", "light"] as const) {
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
    // What a desk of 1,280 pixels shows at 400 %.
    [320, 256],
  ] as const) {
    test(`${theme} at ${width}`, { timeout: 300_000 }, async () => {
      const { page, context, complaints, foreign } = await signIn(
        await visit(server.url, { theme, viewport: { width, height } }),
        server,
      );
      for (const { name, place, heading, act } of screens()) {
        await page.goto(place);
        await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
        await act?.(page);
        await page.waitForFunction(
          () => document.querySelector('[role="status"][aria-label^="Load"]') === null,
        );
        // Zoom changes the room, not what axe looks at.
        if (width > 320) expect(await violations(page), name).toEqual([]);
        expect(await sideways(page), `${name} scrolls sideways`).toEqual([]);
        await picture(page, `${name}-${theme}-${width}`);
      }
      expect([complaints, foreign]).toEqual([[], []]);
      await context.close();
    });
  }
}
