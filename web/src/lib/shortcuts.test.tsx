import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { moveRow, useKeyboard, useShortcuts } from "./shortcuts";

function Page({ ran }: { ran: (what: string) => void }) {
  useKeyboard();
  useShortcuts([
    { keys: "c", does: "New task", group: "Everywhere", run: () => ran("c") },
    { keys: "g i", does: "Go to the inbox", group: "Everywhere", run: () => ran("g i") },
    { keys: "mod+k", does: "Find", group: "Everywhere", run: () => ran("mod+k"), always: true },
  ]);
  return (
    <main>
      <input aria-label="name" />
      <button type="button" data-row>
        one
      </button>
      <button type="button" data-row>
        two
      </button>
    </main>
  );
}

test("single keys, two keys and modifiers run what they are bound to", () => {
  const ran = vi.fn();
  render(<Page ran={ran} />);
  for (const key of ["c", "g", "i", "i", "x"]) fireEvent.keyDown(document.body, { key });
  fireEvent.keyDown(document.body, { key: "k", ctrlKey: true });
  expect(ran.mock.calls.flat()).toEqual(["c", "g i", "mod+k"]);
});

test("plain keys are left alone while somebody types", () => {
  const ran = vi.fn();
  render(<Page ran={ran} />);
  const field = screen.getByLabelText("name");
  for (const key of ["c", "g", "i"]) fireEvent.keyDown(field, { key });
  fireEvent.keyDown(field, { key: "K", metaKey: true });
  expect(ran.mock.calls.flat()).toEqual(["mod+k"]);
});

test("keys end with their page", () => {
  const ran = vi.fn();
  render(<Page ran={ran} />).unmount();
  fireEvent.keyDown(document.body, { key: "c" });
  expect(ran).not.toHaveBeenCalled();
});

test("rows are walked and do not wrap", () => {
  render(<Page ran={() => {}} />);
  const texts = ([1, 1, 1, -1, -1] as const).map((step) => {
    moveRow(step);
    return document.activeElement?.textContent;
  });
  expect(texts).toEqual(["one", "two", "two", "one", "one"]);
});
