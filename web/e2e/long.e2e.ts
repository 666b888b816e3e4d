/** Long things in a real browser: a log of more than 10,000 events and a change of more than 10,000 lines. What is drawn has
 *  a bound, scrolling works, and what is read stays where it is. Times are printed, not judged: machines differ. */
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { stories } from "./harness/stories.ts";

const ROUNDS = 1_700;
const LINES = 12_000;
/** Elements that a page may have, however long what it shows. */
const MOST_ELEMENTS = 2_500;

const test = stories(
  {},
  async (server) => {
    const repo = server.repository("long", { "long.txt": "first\n" });
    const log = await server.session(
      [
        {
          repeat: ROUNDS,
          do: [
            { tool: "look", kind: "read", text: "seen" },
            { tool: "sed -i s/a/b/ long.txt", kind: "execute", text: "one\ntwo\nthree" },
            { say: "Another round, with **words** of its own.\n\n" },
          ],
        },
        { say: "The very end." },
      ],
      { repo, title: "A long log" },
    );
    const change = await server.session(
      [
        { shell: `seq -f 'line %.0f of a long change' 1 ${LINES} > long.txt` },
        { shell: "for f in $(seq 1 60); do seq 1 40 > part$f.txt; done" },
      ],
      { repo, title: "A long change", publish: "manual" },
    );
    await server.until(log.id, "complete");
    await server.until(change.id, "complete");
    return { log: log.id, change: change.id };
  },
  240_000,
);

const elements = (page: Page) => page.evaluate(() => document.querySelectorAll("*").length);

/** Runs it, and prints how long it took. */
async function timed<Value>(what: string, run: () => Promise<Value>): Promise<Value> {
  const began = performance.now();
  const value = await run();
  console.log(`${what}: ${Math.round(performance.now() - began)} ms`);
  return value;
}

/** Scrolls an element from its top to its end, and gives the longest time between two frames, in milliseconds. */
const scrollThrough = (page: Page, name: string) =>
  page.locator(`section[aria-label="${name}"]`).evaluate(async (element) => {
    let longest = 0;
    let last = performance.now();
    element.scrollTop = 0;
    const step = element.scrollHeight / 60;
    for (let at = 0; at < 60; at += 1) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      element.scrollTop += step;
    }
    return Math.round(longest);
  });

/** Lets pages of earlier events wait, as they do on a slow network. */
async function held(page: Page) {
  let gate = Promise.resolve();
  let waiting = 0;
  await page.route(/\/events\?after=/, async (route) => {
    waiting += 1;
    await gate;
    waiting -= 1;
    await route.continue();
  });
  return {
    /** Scrolls to where one is wanted, until it is. */
    wanted: async (scroll: () => Promise<unknown>) => {
      const asked = async () => {
        if (waiting === 0) await scroll();
        return waiting;
      };
      await expect.poll(asked).toBe(1);
    },
    /** From now on they wait, until what this gives is called. */
    hold: () => {
      let release = () => {};
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
  };
}

/** Whether an element stands where it stood two frames ago. */
const resting = (element: Locator) =>
  element.evaluate(async (box) => {
    const before = box.scrollTop;
    for (let at = 0; at < 2; at += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
    return box.scrollTop === before;
  });

/** What is read at the top of the timeline. */
function reading(timeline: Locator) {
  /** The line that is read, after scrolling to a place if one is named. */
  const read = (to: number | null = null) =>
    timeline.evaluate((element, wanted) => {
      if (wanted !== null) element.scrollTop = wanted;
      const top = element.getBoundingClientRect().top;
      const rows = [...element.querySelectorAll<HTMLElement>("[data-seq]")];
      const row = rows.find((each) => each.getBoundingClientRect().top > top + 40);
      return {
        seq: row?.dataset.seq,
        at: Math.round((row?.getBoundingClientRect().top ?? 0) - top),
        height: element.scrollHeight,
      };
    }, to);
  /** Waits until earlier events have come in above it; it stands where it stood. */
  const stays = async (before: Awaited<ReturnType<typeof read>>) => {
    await expect.poll(async () => (await read()).height).toBeGreaterThan(before.height + 1_000);
    const at = await timeline.evaluate((element, wanted) => {
      const row = element.querySelector(`[data-seq="${wanted}"]`);
      return row === null
        ? null
        : Math.round(row.getBoundingClientRect().top - element.getBoundingClientRect().top);
    }, before.seq ?? "");
    expect(Math.abs((at ?? -1_000) - before.at), "what was read has moved").toBeLessThanOrEqual(4);
  };
  return { read, stays };
}

test("what is read stays although the last scroll has not been told of yet", async ({ made, window }) => {
  const { page } = await window();
  await page.goto(`/sessions/${made.log}`);
  await page.getByText("The very end.").first().waitFor();
  const timeline = page.getByRole("region", { name: "Timeline" });
  const { read, stays } = reading(timeline);
  const earlier = await held(page);
  const release = earlier.hold();
  await earlier.wanted(() => read(0));
  await expect.poll(() => resting(timeline)).toBe(true);
  // A scroll is told of with the next frame; the page may come before that.
  await page.evaluate(() => {
    document.addEventListener("scroll", (event) => event.stopImmediatePropagation(), { capture: true });
  });
  const before = await read(300);
  release();
  await stays(before);
});

test("a log of 10,000 events begins at its end, and goes back without moving what is read", {
  timeout: 180_000,
}, async ({ server, made, window }) => {
  const events = await server.call<{ seq: number }[]>("GET", `/api/sessions/${made.log}/events?last=1`);
  expect(events[0]?.seq).toBeGreaterThan(10_000);
  const { page } = await window();
  const pages: string[] = [];
  page.on("request", (request) => {
    if (/\/events\?after=/.test(request.url())) pages.push(request.url());
  });
  await timed("the end of the log is there", async () => {
    await page.goto(`/sessions/${made.log}`);
    await page.getByText("The very end.").first().waitFor();
  });
  const timeline = page.getByRole("region", { name: "Timeline" });
  await expect.poll(() => elements(page)).toBeLessThan(MOST_ELEMENTS);
  expect(pages.length, "pages loaded before anybody scrolled").toBeLessThanOrEqual(1);
  const earlier = await held(page);
  // Somebody reads a line, and scrolls up until the page before it is loaded.
  await timeline.focus();
  await timed("twenty pages back by keys", async () => {
    for (let at = 0; at < 20; at += 1) await page.keyboard.press("PageUp");
  });
  // What the keys began is over before anything is measured.
  await expect.poll(() => resting(timeline)).toBe(true);
  const { read, stays } = reading(timeline);
  for (let round = 0; round < 4; round += 1) {
    // Just below the place from which more is wanted, once nothing is on its way any more; then into it.
    const settled = async () => {
      await read(1_050);
      return await page.getByText("Loading earlier events").count();
    };
    await expect.poll(settled).toBe(0);
    const release = earlier.hold();
    await earlier.wanted(() => read(790));
    const before = await read();
    release();
    await stays(before);
    await expect.poll(() => elements(page)).toBeLessThan(MOST_ELEMENTS);
  }
  // All the way to the beginning.
  await timed("back to the first event", async () => {
    await expect
      .poll(
        async () => {
          await timeline.evaluate((element) => {
            element.scrollTop = 0;
          });
          return await page.getByText("Load earlier events").or(page.getByText("Loading earlier")).count();
        },
        { timeout: 60_000, interval: 100 },
      )
      .toBe(0);
    await page.getByText("Turn 1").waitFor();
  });
  console.log(
    `the longest frame of a way through the whole log: ${await scrollThrough(page, "Timeline")} ms`,
  );
  await expect.poll(() => elements(page)).toBeLessThan(MOST_ELEMENTS);
  await read(0);
  await page.getByRole("button", { name: "Jump to now" }).click();
  await page.getByText("The very end.").first().waitFor();
});

test("the whole log can be kept as text, although most of it was not loaded", async ({ made, window }) => {
  const { page } = await window();
  await page.goto(`/sessions/${made.log}`);
  await page.getByRole("tab", { name: "Details" }).click();
  const saved = page.waitForEvent("download", { timeout: 60_000 });
  await timed("the log as a file", async () => {
    await page.getByRole("button", { name: "Download as text" }).click();
    await saved;
  });
  const stream = await (await saved).createReadStream();
  let text = "";
  for await (const piece of stream) text += piece;
  expect((await saved).suggestedFilename()).toBe(`${made.log}.log`);
  expect(text.match(/Another round, with \*\*words\*\* of its own\./g)?.length).toBe(ROUNDS + 1);
  expect(text).toMatch(/^── turn 1 ──/m);
  expect(text.trimEnd()).toMatch(/Done$/);
});

test("a change of 12,000 lines draws what is in sight, and is scrolled through", {
  timeout: 120_000,
}, async ({ made, window }) => {
  const { page } = await window();
  await timed("the change is there", async () => {
    await page.goto(`/sessions/${made.change}`);
    await page.getByRole("tab", { name: /^Diff/ }).click();
    await page.getByRole("button", { name: "Show its lines" }).waitFor();
  });
  await timed("its long file is opened", async () => {
    await page.getByRole("button", { name: "Show its lines" }).click();
    await page.getByText("line 5 of a long change").waitFor();
  });
  await expect.poll(() => elements(page)).toBeLessThan(MOST_ELEMENTS);
  console.log(`the longest frame of a way through it: ${await scrollThrough(page, "Changed lines")} ms`);
  await expect.poll(() => elements(page)).toBeLessThan(MOST_ELEMENTS);
  const lines = page.getByRole("region", { name: "Changed lines" });
  await lines.evaluate((element) => {
    element.scrollTop = element.scrollHeight;
  });
  await lines.getByText("part9.txt").first().waitFor();
  await lines.evaluate((element) => {
    element.scrollTop = 20 * 6_000;
  });
  await page
    .getByText(/line 59\d\d of a long change/)
    .first()
    .waitFor();
});
