import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { draw } from "@/testing/page";
import { approval, session } from "@/testing/samples";
import { InboxPage } from "./inbox-page";

const inbox = {
  waiting: [
    {
      approval: approval(),
      session: session({ id: "waits2345678", status: "waiting", title: "Publish it" }),
    },
  ],
  finished: [
    { session: session({ id: "done23456789" }), unread: true },
    {
      session: session({
        id: "fail23456789",
        status: "error",
        failureKind: "timeout",
        error: "took too long",
        title: "Upgrade",
      }),
      unread: true,
    },
    { session: session({ id: "seen23456789", outcome: null, title: "An old one" }), unread: false },
  ],
};
const answers = { "GET /api/inbox": inbox, "GET /api/sessions": [], "GET /api/agents": [] };

test("what needs an answer comes first, then what was done, what went wrong, what was seen", async () => {
  draw(<InboxPage />, answers);
  await screen.findByRole("heading", { name: "Needs you (1)" });
  expect(screen.getAllByRole("heading", { level: 2 }).map((heading) => heading.textContent)).toEqual([
    "Needs you (1)",
    "Done since you were here",
    "Went wrong",
    "Seen before",
  ]);
  expect(screen.getByText("1 waits for you, 1 done, 1 went wrong")).toBeVisible();
  fireEvent.click(screen.getAllByRole("button", { name: "Show the outcome" })[0] as HTMLElement);
  expect(screen.getByText("What goose says (not checked)")).toBeVisible();
});

test("`a` shows which request it means first, and answers it when pressed again", async () => {
  const { asked } = draw(<InboxPage />, {
    ...answers,
    "POST /api/approvals/ap1": approval({ state: "approved" }),
  });
  await screen.findByRole("heading", { name: "Run ./release.sh" });
  const given = () => asked.filter(({ call }) => call === "POST /api/approvals/ap1");
  fireEvent.keyDown(document.body, { key: "a" });
  expect(document.activeElement).toHaveTextContent("Publish it");
  expect(given()).toEqual([]);
  fireEvent.keyDown(document.activeElement ?? document.body, { key: "a" });
  await waitFor(() => expect(given().map(({ body }) => body)).toEqual([{ decision: "approve" }]));
});

test("a request that somebody else answered is no error", async () => {
  const late = () =>
    Response.json({ error: "answered", code: "approval_answered", requestId: "r" }, { status: 409 });
  draw(<InboxPage />, { ...answers, "POST /api/approvals/ap1": late });
  fireEvent.click(await screen.findByRole("button", { name: "Deny" }));
  await screen.findByText(/Somebody was quicker/);
});

test("marks are gone at once, and are back if the server refuses", async () => {
  const refusal = () => Response.json({ error: "no", code: "x", requestId: "r" }, { status: 500 });
  draw(<InboxPage />, { ...answers, "POST /api/inbox/seen": refusal });
  fireEvent.click(await screen.findByRole("button", { name: "Mark all as seen" }));
  const news = screen.getByRole("region", { name: "News" });
  await within(news).findByText("No");
  expect(await screen.findByRole("button", { name: "Mark all as seen" })).toBeVisible();
});

test("an empty inbox leads to the first task, and says what is missing", async () => {
  draw(<InboxPage />, { ...answers, "GET /api/inbox": { waiting: [], finished: [] } });
  await screen.findByRole("heading", { name: "Give an agent its first task" });
  expect(await screen.findByRole("link", { name: "Install an agent" })).toHaveAttribute("href", "/agents");
});

test("an error is told with its remedy", async () => {
  draw(<InboxPage />, {
    "GET /api/inbox": () =>
      Response.json(
        { error: "the store is busy", code: "busy", hint: "wait", requestId: "r" },
        { status: 503 },
      ),
  });
  expect(await screen.findByRole("alert")).toHaveTextContent("The store is busy");
});
