import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { draw } from "@/testing/page";
import { session } from "@/testing/samples";
import { Composer } from "./components/composer";

const MESSAGES = "/api/sessions/abcd2345efgh/messages";

/** A composer whose messages are answered one after the other. */
function compose(...answers: (() => unknown)[]) {
  const { asked } = draw(<Composer session={session()} />, {
    [`GET ${MESSAGES}`]: [],
    [`POST ${MESSAGES}`]: () => answers.shift()?.(),
  });
  return () => asked.filter(({ call }) => call === `POST ${MESSAGES}`);
}

const field = () => screen.findByLabelText("Message to the agent");
const type = async (value: string) => fireEvent.change(await field(), { target: { value } });
const send = async () => fireEvent.keyDown(await field(), { key: "Enter", ctrlKey: true });

test("what is typed while a message is under way stays", async () => {
  let answer = (_: unknown): void => {};
  const answered = new Promise((resolve) => {
    answer = resolve;
  });
  const sent = compose(() => answered);
  await type("Thank you");
  await send();
  await waitFor(() => expect(sent()).toHaveLength(1));
  await type("Thank you\nAnd the tests?");
  answer({});
  await waitFor(async () => expect(await field()).toHaveValue("And the tests?"));
  expect(sent().map(({ body }) => body)).toEqual([{ content: "Thank you" }]);
});

test("a message whose answer was lost is sent again as the same one, and the next with these words is another", async () => {
  const lost = () => Promise.reject(new TypeError("Failed to fetch"));
  const sent = compose(
    lost,
    () => ({}),
    () => ({}),
  );
  await type("Go on");
  await send();
  await screen.findByText("The server does not answer");
  expect(await field()).toHaveValue("Go on");
  await send();
  await waitFor(async () => expect(await field()).toHaveValue(""));
  await type("Go on");
  await send();
  await waitFor(() => expect(sent()).toHaveLength(3));
  const keys = sent().map(({ key }) => key);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
});
