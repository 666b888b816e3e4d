/** A session and its pull request: live, hostile, answered, commented on, published, merged. */
import { rmSync } from "node:fs";
import { expect } from "vitest";
import { picture, violations } from "./harness/browser.ts";
import { stories } from "./harness/stories.ts";

const test = stories({ TELECODER_MAX_SESSIONS: "1" }, (server) => ({
  repo: server.repository("calculator", { "calc.py": "def add(a, b):\n    return a - b\n" }),
}));

test("a change is read, commented on, published by hand, and merged", async ({ server, made, window }) => {
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
    { repo: made.repo, title: "Fix the sum", publish: "manual" },
  );
  await server.until(id, "complete");
  const { page } = await window();
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
  await expect.poll(() => tail.first().innerText()).toBe("    indented");
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
});

test("a change that is to be published once somebody agrees is approved where it was made", async ({
  server,
  made,
  window,
}) => {
  const { id } = await server.session([{ write: ["asked.txt", "x\n"] }, { say: "Made it." }], {
    repo: made.repo,
    title: "Publish with leave",
    publish: "ask",
  });
  const { page } = await window();
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
});

test("the log is copied as text, and a draft outlives a reload", async ({ server, window }) => {
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
  await expect.poll(() => page.getByLabel("Message to the agent").inputValue()).toBe("Half a thought");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("Turn 2").waitFor();
});

test("on a phone a permission is answered where it was asked, and the work goes on", async ({
  server,
  window,
}) => {
  const id = await server.asking("Tidy up", [
    {
      ask: "rm -rf build",
      kind: "execute",
      allowed: [{ say: "It was allowed." }],
      rejected: [{ say: "It was refused." }],
    },
  ]);
  const { page } = await window({ viewport: { width: 390, height: 844 } });
  await page.goto(`/sessions/${id}`);
  await page.getByRole("button", { name: "Deny" }).waitFor();
  await picture(page, "session-permission");
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Deny" }).click();
  await page.getByText("It was refused.", { exact: true }).first().waitFor();
});

test("work that fails while it is prepared says why, and offers the next step where it is seen", async ({
  server,
  window,
}) => {
  const gate = await server.session([{ waitFor: "/home/agent/go" }], { title: "Wait" });
  await server.until(gate.id, "running");
  const repo = server.repository("vanishing", { "a.txt": "a\n" });
  const { id } = await server.session([{ say: "Never said." }], { repo, title: "Lost its repository" });
  rmSync(repo, { recursive: true });
  server.release(gate.id);
  await server.until(id, "error");
  const { page } = await window();
  await page.goto("/");
  await page.getByRole("heading", { name: "Went wrong" }).waitFor();
  await page.getByRole("link", { name: /^Lost its repository/ }).click();
  await page.getByText(/Preparing the workspace failed/).waitFor();
  await page.getByRole("tab", { name: "Outcome" }).click();
  const pane = page.getByRole("tabpanel", { name: "Outcome" });
  await pane.getByText("Name an absolute path that exists where the server runs.").waitFor();
  await pane.getByRole("button", { name: "Run again" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, "session-unprepared");
  // On a phone the field is on another view.
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("tab", { name: "Outcome" }).click();
  await pane.getByRole("button", { name: "Write to the agent" }).click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("composer");
});
