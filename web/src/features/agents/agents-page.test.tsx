import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Wire } from "@/api/client";
import { draw } from "@/testing/page";
import { AgentsPage } from "./agents-page";

const goose: Wire<"Agent"> = {
  name: "goose",
  description: "Goose, an open agent",
  installed: true,
  inCatalogue: true,
  version: "1.2.3",
  sizeBytes: 1,
  location: "/agents/goose",
  providers: ["openai"],
  problem: null,
};
const own: Wire<"Agent"> = { ...goose, name: "own", inCatalogue: false, version: null, providers: [] };
const answers = { "GET /api/agents": [goose, own], "GET /api/defaults": { agent: "goose" } };

const row = async (name: string) =>
  within((await screen.findByRole("heading", { name: new RegExp(`^${name}`) })).closest("li") as HTMLElement);

test("a check says on the agent's row that it goes on, then how it ended", async () => {
  let answer = (_: Response) => {};
  const asked = new Promise<Response>((resolve) => {
    answer = resolve;
  });
  draw(<AgentsPage />, { ...answers, "POST /api/agents/goose/check": () => asked });
  const inRow = await row("goose");
  fireEvent.click(inRow.getByRole("button", { name: "Check that goose starts" }));
  expect(await inRow.findByText("Looking whether it starts…")).toBeVisible();
  expect(inRow.getByRole("button")).toBeDisabled();
  answer(Response.json(goose));
  expect(await inRow.findByText(/it starts, and is version 1\.2\.3$/)).toHaveTextContent(
    /^Checked just now: it/,
  );
  expect((await row("own")).queryByText(/Checked/)).toBeNull();
});

test("a check that fails stays on the row with its reason, and so does one that was refused", async () => {
  draw(<AgentsPage />, {
    ...answers,
    "POST /api/agents/goose/check": { ...goose, problem: "goose does not start: it ended with code 1" },
    "POST /api/agents/own/check": () =>
      Response.json({ error: "too much at once", code: "busy", hint: "wait a moment" }, { status: 429 }),
  });
  const inRow = await row("goose");
  fireEvent.click(inRow.getByRole("button"));
  await waitFor(() =>
    expect(inRow.getByRole("status")).toHaveTextContent(
      /^Checked just now: goose does not start: it ended with code 1$/,
    ),
  );
  const inOther = await row("own");
  fireEvent.click(inOther.getByRole("button"));
  await waitFor(() =>
    expect(inOther.getByRole("status")).toHaveTextContent(
      /^Checked just now: Too much at once ?Wait a moment$/,
    ),
  );
});

test("an agent of one's own is looked for, and not said to start", async () => {
  draw(<AgentsPage />, { ...answers, "POST /api/agents/own/check": own });
  const inRow = await row("own");
  fireEvent.click(inRow.getByRole("button", { name: "Check that own is there" }));
  expect(await inRow.findByText(/its program is there/)).toBeVisible();
  expect(inRow.queryByText(/it starts/)).toBeNull();
});
