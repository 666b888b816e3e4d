import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { draw } from "@/testing/page";
import { Prose } from "./prose";

test("markup, scripts, addresses and pictures of foreign words do nothing", async () => {
  draw(
    <Prose
      text={`<script>alert(1)</script>\n\n<img src=x onerror=alert(1)> [go](javascript:alert(1)) ![x](https://evil.example/x.png) **bold** \u202egnp.exe`}
    />,
  );
  await screen.findByText("bold");
  expect(document.querySelectorAll("main img, main script, main a[href^=javascript]")).toHaveLength(0);
  expect(document.body.textContent).toContain("<script>alert(1)</script>");
  expect(document.body.textContent).toContain("⟦U+202E⟧gnp.exe");
  expect(screen.getByText("x").getAttribute("rel")).toContain("noopener");
});

test("depth and length have a bound", async () => {
  draw(
    <>
      <Prose text={`${">".repeat(5_000)} deep`} />
      <Prose text={"w".repeat(1_000_000)} />
    </>,
  );
  await screen.findByRole("button", { name: /^Show more/ });
  expect(document.body.textContent?.length ?? 0).toBeLessThan(60_000);
});
