/** Everything that an agent or a repository wrote is words: wherever it is shown, it runs nothing, loads nothing, hides nothing,
 *  and is never longer on the page than a page can bear. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { picture } from "./harness/browser.ts";
import { stories } from "./harness/stories.ts";

const MARKUP =
  "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script><style>*{display:none}</style><a href=\"javascript:document.title='owned'\">x</a>";
const LINKS =
  "[run](javascript:document.title='owned') [data](data:text/html,<script>1</script>) ![x](https://evil.example/x.png) <https://evil.example/> ![y](//evil.example/y.png)";
const TERMINAL = "\u001b[31mred\u001b[0m\u001b]0;owned\u0007\u001b[2J";
const HIDDEN = "user\u202egnp.exe pass\u200bword";
const HOSTILE = `${MARKUP} ${LINKS} ${TERMINAL} ${HIDDEN}`;
const NAME = "<b>x\u202e.txt";

/** That the page as it is now was taken in by nothing. */
async function unharmed(page: Page, what: string): Promise<void> {
  expect(await page.title(), what).toMatch(/TeleCoder$/);
  const planted =
    "main img, main script, main style, main iframe, a[href^='javascript:'], a[href^='data:'], a[href*='//evil.example/y']";
  expect(await page.locator(planted).count(), what).toBe(0);
  // biome-ignore lint/performance/useDomNodeTextContent: what a person sees is meant, not what stands in the document.
  const text = await page.locator("body").innerText();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there.
  expect(text, what).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f\u200b\u202a-\u202e\u2066-\u2069]/);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), what).toBe(true);
}

const test = stories({ TELECODER_MAX_SESSIONS: "1" }, (server) => ({
  repo: server.repository("calculator", { "calc.py": "a\n" }),
}));

test("what an agent says, plans, thinks, names and prints is shown as it is", async ({
  server,
  made,
  window,
}) => {
  const { id } = await server.session(
    [
      { think: HOSTILE },
      { plan: [[HOSTILE, "high", "in_progress"]] },
      { say: HOSTILE },
      { tool: HOSTILE, kind: "execute", text: HOSTILE },
      { tool: NAME, kind: "edit", diff: [NAME, `${HOSTILE}\n`, `${HOSTILE} ${MARKUP}\n`] },
      { tool: HOSTILE, kind: "read", text: HOSTILE },
      { tool: HOSTILE, kind: "search", text: HOSTILE },
      { stderr: HOSTILE },
      { unknownUpdate: true },
      { claim: { changed: [HOSTILE], verified: [HOSTILE], uncertain: [HOSTILE], next: [HOSTILE] } },
    ],
    { repo: made.repo, title: HOSTILE.slice(0, 180), publish: "manual" },
  );
  await server.until(id, "complete");
  const { page } = await window();
  for (const place of ["/", "/sessions"]) {
    await page.goto(place);
    await page
      .getByRole("link", { name: /<img src=x/ })
      .first()
      .waitFor();
    await unharmed(page, place);
  }
  await page.goto(`/sessions/${id}`);
  await page.getByText("⟦U+202E⟧").first().waitFor();
  const closed = page.locator('section[aria-label="Timeline"] [aria-expanded="false"]:enabled');
  for (let left = 40; left > 0 && (await closed.count()) > 0; left -= 1) await closed.first().click();
  await unharmed(page, "the timeline");
  await page.getByRole("tab", { name: /^Outcome/ }).click();
  await page.getByText("What gym says (not checked)").waitFor();
  await unharmed(page, "the outcome");
  await page.getByRole("tab", { name: "Details" }).click();
  await page.getByText("Lineage").waitFor();
  await unharmed(page, "the details");
  await picture(page, "hostile-session");
});

test("names and lines of a change, of its files, and of its pull request are shown as they are", async ({
  server,
  made,
  window,
}) => {
  const { id } = await server.session(
    [
      { write: [NAME, `${HOSTILE}\n`] },
      { write: ["dir \u2066\u001b[31m/<script>alert(1)<!script>.py", "if admin\u202e:\n    pass\n"] },
      {
        shell:
          "printf 'caf\\351 \\377\\376\\n' > broken.txt; head -c 1000000 /dev/zero | tr '\\0' y > long.txt",
      },
      { claim: { changed: [HOSTILE], verified: [], uncertain: [], next: [] } },
    ],
    { repo: made.repo, title: `${MARKUP} ${HIDDEN}`.slice(0, 180) },
  );
  await server.until(id, "complete");
  const { page } = await window();
  await page.goto(`/sessions/${id}`);
  await page.getByRole("tab", { name: /^Diff/ }).click();
  await page.getByText("hidden characters").first().waitFor();
  await page
    .getByText(/caf\ufffd/)
    .first()
    .waitFor();
  await unharmed(page, "the diff");
  const lines = page.getByRole("region", { name: "Changed lines" });
  await lines.evaluate((element) => {
    element.scrollTop = element.scrollHeight;
  });
  const more = page.getByRole("button", { name: /show .* more characters/ });
  await more.waitFor();
  // biome-ignore lint/performance/useDomNodeTextContent: what a person sees is meant, not what stands in the document.
  expect((await lines.innerText()).length).toBeLessThan(20_000);
  await more.click();
  // biome-ignore lint/performance/useDomNodeTextContent: what a person sees is meant, not what stands in the document.
  expect((await lines.innerText()).length).toBeLessThan(60_000);
  await unharmed(page, "a long line");
  await page.getByRole("tab", { name: "Files" }).click();
  await page.getByRole("tabpanel").getByRole("button", { name: /<b>x/ }).click();
  await page.getByText("⟦U+202E⟧gnp").first().waitFor();
  await unharmed(page, "a file");
  await picture(page, "hostile-file");
  await page.goto("/pulls");
  await page.getByRole("link", { name: /<img src=x/ }).click();
  await page.getByRole("region", { name: "Changed lines" }).waitFor();
  await unharmed(page, "the pull request");
});

test("a megabyte in one line is cut wherever an agent puts it, and broken bytes are told", async ({
  server,
  window,
}) => {
  const line = "y".repeat(20_000);
  const { id } = await server.session(
    [
      { say: line },
      { think: line },
      { tool: line, kind: "execute", text: line },
      { shell: "head -c 1000000 /dev/zero | tr '\\0' z | tee long.txt; printf '\\nbroken \\377 bytes\\n'" },
      { read: "long.txt" },
      { shell: "cat long.txt" },
      { invalidUtf8: true },
      { say: "The end." },
    ],
    { title: "Long lines" },
  );
  await server.until(id, "complete", "error");
  const { page } = await window();
  await page.goto(`/sessions/${id}`);
  await page.getByText("The end.").first().waitFor();
  const timeline = page.getByRole("region", { name: "Timeline" });
  for (const at of [1, 0.5, 0]) {
    await timeline.evaluate((element, share) => {
      element.scrollTop = element.scrollHeight * share;
    }, at);
    await page.waitForTimeout(100);
    // biome-ignore lint/performance/useDomNodeTextContent: what a person sees is meant, not what stands in the document.
    expect((await timeline.innerText()).length).toBeLessThan(120_000);
  }
  await unharmed(page, "long lines");
});

test("a request's words, on its card and in the inbox, are words", async ({ server, window }) => {
  await server.asking("Ask", [
    {
      ask: HOSTILE,
      kind: "execute",
    },
  ]);
  const { page } = await window();
  await page.goto("/");
  await page.getByRole("heading", { name: /^Needs you/ }).waitFor();
  await unharmed(page, "the card in the inbox");
  await page.getByRole("link", { name: "Ask", exact: true }).click();
  await page.getByRole("article", { name: "Permission" }).waitFor();
  await unharmed(page, "the card in the session");
  await page.getByRole("button", { name: "Deny" }).click();
  await page
    .getByText("No longer asked")
    .or(page.getByText(/^Denied/))
    .first()
    .waitFor();
});
