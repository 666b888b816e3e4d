/** A session while it works: a server that is killed in mid-turn, two browsers, and somebody who has only a keyboard. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { violations } from "./harness/browser.ts";
import { prompt } from "./harness/server.ts";
import { stories } from "./harness/stories.ts";

const test = stories({ TELECODER_MAX_SESSIONS: "1" }, (server) => ({
  repo: server.repository("calculator", {
    "calc.py": `${Array.from({ length: 40 }, (_, at) => `# line ${at + 1}`).join("\n")}\ndef add(a, b):\n    return a - b\n`,
  }),
}));

/** The numbers that the agent counted, as the page shows them. */
const counted = async (page: Page) => {
  const said = await page.locator('section[aria-label="Timeline"] [data-seq]').allInnerTexts();
  const words = said.filter((text) => !/GYM\{|TeleCoder:/.test(text)).join("\n");
  return words.match(/\bn\d+\b/g)?.map((word) => Number(word.slice(1))) ?? [];
};

const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);

test("a server that is killed in mid-turn leaves no gap and doubles nothing, in two browsers", {
  timeout: 120_000,
}, async ({ server, made, window }) => {
  const words = upTo(60)
    .map((at) => `n${at} `)
    .join("");
  const { id } = await server.session(
    [
      { say: words.slice(0, words.indexOf("n31 ")), chunks: 30, paceMs: 20 },
      { waitFor: "/home/agent/go" },
      { say: words.slice(words.indexOf("n31 ")), chunks: 30, paceMs: 20 },
    ],
    { repo: made.repo, title: "Count", publish: "manual" },
  );
  const [first, second] = [await window(), await window({ viewport: { width: 390, height: 844 } })];
  for (const { page } of [first, second]) {
    await page.goto(`/sessions/${id}`);
    await expect.poll(async () => (await counted(page)).length, { timeout: 15_000 }).toBeGreaterThan(4);
  }
  await server.kill();
  await first.page.getByText("Reconnecting…").first().waitFor();
  const stands = await counted(first.page);
  expect(stands).toEqual(upTo(stands.length));
  await server.start();
  // A follow-up that was typed while nobody listened arrives once, after the turn.
  await first.page.getByLabel("Message to the agent").fill("And then?");
  await first.page.getByText("Reconnecting…").first().waitFor({ state: "detached" });
  await first.page.getByRole("button", { name: "Send" }).click();
  await first.page.getByText(/1 message queued/).waitFor();
  await second.page.getByText(/1 message queued/).waitFor();
  server.release(id);
  await server.until(id, "complete");
  for (const { page } of [first, second]) {
    await page.getByText("Turn 2").waitFor();
    const timeline = page.getByRole("region", { name: "Timeline" });
    await timeline.getByText("And then?").waitFor();
    await timeline.evaluate((element) => {
      element.scrollTop = 0;
    });
    await expect.poll(() => counted(page), { timeout: 15_000 }).toEqual(upTo(60));
    await expect.poll(() => timeline.getByText("And then?").count()).toBe(1);
  }
});

test("with keys alone a session is read, answered, commented on and sent on", {
  timeout: 120_000,
}, async ({ server, made, window }) => {
  const id = await server.asking(
    "Mend the sum",
    [
      { tool: "calc.py", kind: "read", text: "def add" },
      {
        ask: "python -m pytest",
        kind: "execute",
        allowed: [
          { shell: "sed -i 's/a - b/a + b/; s/# line 3$/# line three/' calc.py" },
          { say: "It adds now." },
        ],
        rejected: [{ say: "Not allowed." }],
      },
    ],
    { repo: made.repo, publish: "manual" },
  );
  const { page } = await window();
  const focused = () => page.evaluate(() => document.activeElement?.outerHTML.slice(0, 300) ?? "");
  const { keyboard } = page;
  await page.goto("/");
  await page.getByRole("heading", { name: /^Needs you/ }).waitFor();
  // From the inbox into the session that asks.
  await keyboard.press("j");
  await keyboard.press("Enter");
  await page.waitForURL(new RegExp(id));
  await page.getByRole("article", { name: "Permission" }).waitFor();
  await keyboard.press("a");
  await expect.poll(() => focused()).toContain("python -m pytest");
  await keyboard.press("a");
  await page.getByText("It adds now.", { exact: true }).first().waitFor();
  await server.until(id, "complete");
  // The views are tabs: the arrows go through them.
  const tab = page.getByRole("tab", { name: /^Outcome/ });
  await tab.focus();
  await keyboard.press("ArrowLeft");
  await page.getByRole("region", { name: "Changed lines" }).waitFor();
  await page.getByText("# line three", { exact: true }).waitFor();
  // From hunk to hunk, to the unchanged lines between them, to one line, to a comment.
  await keyboard.press("n");
  await keyboard.press("n");
  await expect.poll(focused).toContain("Comment on line 39");
  await expect.poll(() => page.getByText("# line 20", { exact: true }).count()).toBe(0);
  await keyboard.press("o");
  await page.getByText("# line 20", { exact: true }).waitFor();
  await keyboard.press("N");
  await keyboard.press("P");
  await keyboard.press("n");
  await expect.poll(focused).toContain("Comment on line 1");
  await keyboard.press("ArrowDown");
  await expect.poll(focused).toContain("Comment on line 2");
  await keyboard.press("Enter");
  await page.getByLabel("Comment on calc.py:2").waitFor();
  await keyboard.type("Why three?");
  await keyboard.press("Control+Enter");
  await page.getByText("Turn 2").waitFor();
  await server.until(id, "complete");
  // The comment's field stays until the answer is there; a word to the agent, and back into the page.
  await page.getByLabel("Comment on calc.py:2").waitFor({ state: "detached" });
  // Where frames take their time, what is typed goes there all the same.
  await page.evaluate(() => {
    const frame = globalThis.requestAnimationFrame.bind(globalThis);
    globalThis.requestAnimationFrame = (then) => frame(() => setTimeout(() => frame(then), 300));
  });
  await keyboard.press("m");
  await keyboard.type("Thank you");
  await keyboard.press("Control+Enter");
  await page.getByText("Turn 3").waitFor();
  await server.until(id, "complete");
  await keyboard.press("Escape");
  expect(await violations(page)).toEqual([]);
  // The border between the columns moves by keys, and stays where it was put.
  const border = page.getByRole("separator", { name: /^Border/ });
  await border.focus();
  await keyboard.press("ArrowRight");
  await expect.poll(() => border.getAttribute("aria-valuenow")).toBe("49");
  await page.reload();
  await border.waitFor();
  await expect.poll(() => border.getAttribute("aria-valuenow")).toBe("49");
});

test("two tabs never show different truths", async ({ server, window }) => {
  const { id } = await server.session([{ say: "Hello." }], { title: "Before" });
  await server.until(id, "complete");
  const { page, context } = await window();
  const other = await context.newPage();
  await page.goto(`/sessions/${id}`);
  await other.goto("/sessions");
  await other.getByRole("link", { name: "Before" }).waitFor();
  await page.getByRole("button", { name: "Rename the session" }).click();
  await page.getByLabel("Title").fill("After");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "After", level: 1 }).waitFor();
  await other.getByRole("link", { name: "After" }).waitFor();
  await expect.poll(() => other.getByRole("link", { name: "Before" }).count()).toBe(0);
  await other.goto(`/sessions/${id}`);
  await other.getByLabel("Message to the agent").fill("Once more");
  await other.keyboard.press("Control+Enter");
  await page.getByText("Turn 2").waitFor();
  await other.getByText("Turn 2").waitFor();
});

test("a turn that is over before the page hears of it is on the page all the same", async ({
  server,
  window,
}) => {
  const { id } = await server.session([{ say: "Hello." }], { title: "Quick" });
  await server.until(id, "complete");
  const { page } = await window();
  await page.goto(`/sessions/${id}`);
  await page.getByText("Hello.", { exact: true }).first().waitFor();
  // As over a network that is slower than the agent.
  let hear = () => {};
  const heard = new Promise<void>((resolve) => {
    hear = resolve;
  });
  await page.route(`**/api/sessions/${id}`, async (route) => {
    await heard;
    await route.continue();
  });
  await page.getByLabel("Message to the agent").fill(prompt("And again?", [{ say: "Hello again." }]));
  await page.keyboard.press("Control+Enter");
  const ends = async () => {
    const events = await server.call<{ type: string }[]>("GET", `/api/sessions/${id}/events?limit=1000`);
    return events.filter(({ type }) => type === "done").length;
  };
  await expect.poll(ends).toBe(2);
  hear();
  await page.getByRole("region", { name: "Timeline" }).getByText("Hello again.", { exact: true }).waitFor();
});
