/** Every screen, dark and light, at a desk and on a phone: nothing that axe minds, no complaint, no foreign request, no sideways scroll. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { close, picture, signIn, violations, visit } from "./harness/browser.ts";
import { Server } from "./harness/server.ts";

let server: Server;

beforeAll(async () => {
  server = await Server.start();
  const repo = server.repository("calculator", { "calc.py": "def add(a, b):\n    return a - b\n" });
  const fixed = await server.session(
    [
      { write: ["calc.py", "def add(a, b):\n    return a + b\n"] },
      {
        claim: {
          changed: ["`add` adds"],
          verified: ["pytest passes"],
          uncertain: ["Negative numbers"],
          next: ["Test negative numbers"],
        },
      },
    ],
    { repo, title: "Fix the sum" },
  );
  const broken = await server.session([{ fail: { code: -32000, message: "the model refused" } }], {
    repo,
    title: "Upgrade",
  });
  await server.until(fixed.id, "complete");
  await server.until(broken.id, "error");
});
afterAll(async () => {
  await close();
  await server.stop();
});

const screens = [
  ["/", "Inbox"],
  ["/new", "New task"],
  ["/sessions", "Sessions"],
  ["/sessions?q=nothing+has+this", "Sessions"],
  ["/agents", "Agents"],
  ["/repositories", "Repositories"],
  ["/settings", "Settings"],
  ["/doctor", "Doctor"],
  ["/no/such/place", "There is nothing here"],
] as const;

for (const theme of ["dark", "light"] as const) {
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
    // What a desk of 1,280 pixels shows at 400 %.
    [320, 256],
  ] as const) {
    test(`${theme} at ${width}`, { timeout: 180_000 }, async () => {
      const { page, context, complaints, foreign } = await signIn(
        await visit(server.url, { theme, viewport: { width, height } }),
        server,
      );
      for (const [place, heading] of screens) {
        await page.goto(place);
        await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
        await page.waitForFunction(
          () => document.querySelector('main [role="status"][aria-label^="Load"]') === null,
        );
        // Zoom changes the room, not what axe looks at.
        if (width > 320) expect(await violations(page), place).toEqual([]);
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        expect(sideways, `${place} scrolls sideways`).toBe(false);
        await picture(
          page,
          `${heading.toLowerCase().replaceAll(" ", "-")}-${theme}-${width}${place.includes("?") ? "-none" : ""}`,
        );
      }
      expect([complaints, foreign]).toEqual([[], []]);
      await context.close();
    });
  }
}
