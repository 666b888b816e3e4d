/** Takes the pictures that the README shows (`npm run pictures`), of a real server with sessions of a real agent.
 *
 *  Small on purpose: one window size, no second density. `TELECODER_E2E_…` name other programs, as for the tests. */
import { mkdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { close, signIn, visit } from "./harness/browser.ts";
import prepare from "./harness/prepare.ts";
import { showcase } from "./harness/showcase.ts";

const folder = fileURLToPath(new URL("../../docs/images", import.meta.url));

prepare();
const { server, done, asks, end } = await showcase();
try {
  mkdirSync(folder, { recursive: true });
  const desk = { theme: "dark", viewport: { width: 1280, height: 760 } } as const;
  const phone = { theme: "light", viewport: { width: 390, height: 760 } } as const;
  await take("inbox", desk, "/", async (page) => {
    const row = page.getByRole("listitem").filter({ hasText: "whole cents" });
    await row.getByRole("button", { name: "Show the outcome" }).click();
  });
  await take("session", desk, `/sessions/${done}`, async (page) => {
    await page.getByRole("tab", { name: /^Diff/ }).click();
    await page.getByText("import Cents, cents").first().waitFor();
  });
  await take("phone", phone, `/sessions/${asks}`, async (page) => {
    await page.getByRole("button", { name: /^Approve/ }).waitFor();
  });
} finally {
  await close();
  await end();
}

async function take(
  name: string,
  window: Parameters<typeof visit>[1],
  place: string,
  prepared: (page: Page) => Promise<void>,
): Promise<void> {
  const { page, context } = await signIn(await visit(server.url, window), server);
  await page.goto(place);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await prepared(page);
  await page.mouse.move(0, 0);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.evaluate(() => document.fonts.ready);
  // What slides or fades in stands still.
  await page.waitForTimeout(300);
  const path = `${folder}/${name}.png`;
  await page.screenshot({ path });
  console.log(`${path}: ${Math.round(statSync(path).size / 1000)} kB`);
  await context.close();
}
