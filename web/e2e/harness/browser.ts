/** Debian's Chromium, a fresh profile a test, and the checks that every page must pass. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Route,
} from "playwright-core";
import { browser as program } from "./programs.ts";
import type { Server } from "./server.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Where screenshots go; none are taken without it. */
const pictures = process.env.TELECODER_E2E_PICTURES;

let shared: Promise<Browser> | null = null;

/** A folder with a built UI that stands in for the one in the binary, for whoever works on the UI. The gate never sets it. */
const dist = process.env.TELECODER_E2E_DIST;

/** Answers from that folder: the file, or the page for addresses that are none. */
async function fromDist(route: Route): Promise<void> {
  const { pathname } = new URL(route.request().url());
  const file = `${dist}${pathname}`;
  await route.fulfill({ path: existsSync(file) && pathname !== "/" ? file : `${dist}/index.html` });
}

/** The browser of this test file. */
export function launch(): Promise<Browser> {
  shared ??= chromium.launch({
    executablePath: program,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return shared;
}

/** Ends the browser. */
export async function close(): Promise<void> {
  await (await shared)?.close();
  shared = null;
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** What the page complained about: errors, and what its policy forbade. */
  complaints: string[];
  /** Addresses outside the server that the page asked for. */
  foreign: string[];
}

/** Opens a window with a profile of its own. */
export async function visit(
  url: string,
  options: BrowserContextOptions & { theme?: "dark" | "light" | "system" } = {},
): Promise<Visit> {
  const { theme, ...rest } = options;
  const context = await (await launch()).newContext({
    baseURL: url,
    viewport: { width: 1440, height: 900 },
    reducedMotion: "reduce",
    ...rest,
  });
  if (theme !== undefined) {
    await context.addInitScript(`try { localStorage.setItem("telecoder.theme", "${theme}") } catch {}`);
  }
  if (dist !== undefined)
    await context.route((address) => !/^\/(api|health)/.test(address.pathname), fromDist);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  const foreign: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // What the server refuses on purpose is no complaint of the page.
    if (message.type() === "error" && !/Failed to load resource/.test(message.text()))
      complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) foreign.push(request.url());
  });
  return { page, context, complaints, foreign };
}

/** Signs a window in, as the form would. */
export async function signIn(visit: Visit, server: Server): Promise<Visit> {
  const answer = await visit.context.request.post("/api/login", {
    data: { token: server.token },
    headers: { "x-telecoder": "web" },
  });
  if (!answer.ok()) throw new Error(`the sign-in was refused: ${answer.status()}`);
  return visit;
}

/** What axe finds wrong with the page as it is now, by all of its rules or by these: one line each. */
export async function violations(page: Page, rules?: string[]): Promise<string[]> {
  if (await page.evaluate(() => !("axe" in window))) await page.evaluate(axe);
  return await page.evaluate(async (only) => {
    interface Found {
      violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[];
    }
    const run = (window as unknown as { axe: { run(options: object): Promise<Found> } }).axe;
    const found = await run.run({ resultTypes: ["violations"], ...(only && { runOnly: only }) });
    return found.violations.flatMap(({ id, help, nodes }) =>
      nodes.map(
        ({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 160)} ${failureSummary ?? ""}`,
      ),
    );
  }, rules);
}

/** Takes a picture, where pictures are wanted. */
export async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: false });
}
