/** A session and its pull request: live, hostile, answered, commented on, published, merged. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { close, picture, signIn, type Visit, violations, visit } from "./harness/browser.ts";
import { Server } from "./harness/server.ts";

let server: Server;
let repo: string;
const open: Visit[] = [];

async function window(options: Parameters<typeof visit>[1] = {}): Promise<Visit> {
  const opened = await signIn(await visit(server.url, options), server);
  open.push(opened);
  return opened;
}

beforeAll(async () => {
  server = await Server.start({ TELECODER_MAX_SESSIONS: "1" });
  repo = server.repository("calculator", { "calc.py": "def add(a, b):\n    return a - b\n" });
});
afterEach(async () => {
  for (const { context } of open.splice(0)) await context.close();
});
afterAll(async () => {
  await close();
  await server.stop();
});

test("a change is read, commented on, published by hand, and merged", async () => {
  const { id } = await server.session(
    [
      { think: "It subtracts." },
      {
        plan: [
          ["Fix the sum", "high", "completed"],
          ["Test it", "medium", "in_progress"],
        ],
      },
      { say: "I fix **the sum** in `calc.py`.\n\n```py\nreturn a + b\n```", chunks: 5 },
      { tool: "calc.py", kind: "edit", diff: ["calc.py", "return a - b\n", "return a + b\n"], text: "done" },
      { write: ["calc.py", "def add(a, b):\n    return a + b\n"] },
      { shell: "seq 1 30; echo '    indented'; exit 3" },
      { claim: { changed: ["`add` adds"], verified: ["pytest passes"], uncertain: [], next: [] } },
    ],
    { repo, title: "Fix the sum", publish: "manual" },
  );
  await server.until(id, "complete");
  const { page, complaints, foreign } = await window();
  await page.goto(`/sessions/${id}`);
  await page.getByText("Turn 1").waitFor();
  await page.getByText("the sum", { exact: true }).first().waitFor();
  await page.getByRole("region", { name: "Plan" }).getByText("1 of 2").waitFor();
  await page
    .getByRole("article", { name: /^Edit: calc\.py/ })
    .getByText("return a + b")
    .waitFor();
  // The last lines of an output keep their shape.
  const tail = page.locator("pre").getByText("indented");
  // biome-ignore lint/performance/useDomNodeTextContent: what a person sees is meant, not what stands in the document.
  expect(await tail.first().innerText()).toBe("    indented");
  await page.getByRole("tab", { name: /^Outcome/ }).click();
  await page.getByText("What gym says (not checked)").waitFor();
  await picture(page, "session-outcome");
  expect(await violations(page)).toEqual([]);
  await page.getByRole("tab", { name: /^Diff/ }).click();
  await page.getByRole("button", { name: "Comment on line 2" }).last().click();
  await page.getByLabel("Comment on calc.py:2").fill("Why not sum()?");
  await picture(page, "session-diff");
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Send to the agent" }).click();
  await page.getByText("Turn 2").waitFor();
  await server.until(id, "complete");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByRole("button", { name: "Open the pull request" }).waitFor();
  await picture(page, "session-publish");
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Open the pull request" }).click();
  await page
    .getByRole("link", { name: /pull request #1/ })
    .first()
    .click();
  await page.getByRole("heading", { name: "Fix the sum #1" }).waitFor();
  await page.getByRole("button", { name: "Side by side" }).waitFor();
  await picture(page, "pull");
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Merge", exact: true }).click();
  await page.getByRole("button", { name: "Merge the pull request" }).click();
  await page.getByText(/^Merged as/).waitFor();
  await page.goto("/pulls");
  await page.getByRole("link", { name: "Fix the sum" }).waitFor();
  expect(await violations(page)).toEqual([]);
  expect(complaints).toEqual([]);
  expect(foreign).toEqual([]);
});

test("a change that is to be published once somebody agrees is approved where it was made", async () => {
  const { id } = await server.session([{ write: ["asked.txt", "x\n"] }, { say: "Made it." }], {
    repo,
    title: "Publish with leave",
    publish: "ask",
  });
  const { page, complaints } = await window();
  await page.goto(`/sessions/${id}`);
  const card = page.getByRole("article", { name: "Permission" });
  await card.getByText(/^Publish to/).waitFor();
  expect(await violations(page)).toEqual([]);
  await card.getByRole("button", { name: "Approve publishing" }).click();
  await page
    .getByRole("link", { name: /pull request #/ })
    .first()
    .waitFor();
  await card.waitFor({ state: "detached" });
  expect(complaints).toEqual([]);
});

test("the log is copied as text, and a draft outlives a reload", async () => {
  const { id } = await server.session([{ say: "A word to keep." }], { title: "Keep", publish: "manual" });
  await server.until(id, "complete");
  const { page, context } = await window();
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`/sessions/${id}`);
  await page.getByRole("tab", { name: "Details" }).click();
  await page.getByRole("button", { name: "Copy as text" }).click();
  await page.getByText("Copied").waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(text).toContain("agent: A word to keep.");
  expect(text).toMatch(/^── turn 1 ──/m);
  await page.getByLabel("Message to the agent").fill("Half a thought");
  await page.reload();
  await expect.poll(() => page.getByLabel("Message to the agent").inputValue()).toBe("Half a thought");
  // Access ends over it: it is asked for in place, and the words go on.
  await context.clearCookies();
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("dialog", { name: "Sign in again" }).waitFor();
  await page.getByLabel("Token").fill(server.token);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await page.getByLabel("Message to the agent").inputValue()).toBe("Half a thought");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("Turn 2").waitFor();
});

test("on a phone a permission is answered where it was asked, and the work goes on", async () => {
  const id = await server.asking("Tidy up", [
    {
      ask: "rm -rf build",
      kind: "execute",
      allowed: [{ say: "It was allowed." }],
      rejected: [{ say: "It was refused." }],
    },
  ]);
  const { page, complaints } = await window({ viewport: { width: 390, height: 844 } });
  await page.goto(`/sessions/${id}`);
  await page.getByRole("button", { name: "Deny" }).waitFor();
  await picture(page, "session-permission");
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Deny" }).click();
  await page.getByText("It was refused.", { exact: true }).first().waitFor();
  expect(complaints).toEqual([]);
});
