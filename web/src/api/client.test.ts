import { expect, test } from "vitest";
import { nextCursor, take } from "./client";
import { ApiError, asApiError, readError } from "./errors";

const answer = (status: number, error: unknown) =>
  Promise.resolve({ error, response: new Response(null, { status }) }) as Promise<{
    error: unknown;
    response: Response;
  }>;

test("an error of the server keeps its words, its remedy and its name", async () => {
  const body = {
    error: "there is no session `x`",
    code: "session_not_found",
    hint: "see telecoder list",
    requestId: "r1",
  };
  const error = await take(answer(404, body)).catch((thrown: unknown) => thrown);
  expect(error).toEqual(
    new ApiError(404, "session_not_found", "There is no session `x`", "See telecoder list", "r1"),
  );
});

test("what is no error of ours is still told in words", () => {
  expect(readError(502, "<html>").message).toBe("The server is not well");
  expect(asApiError(new TypeError("Failed to fetch"))).toMatchObject({ status: 0, code: "unreachable" });
});

test("the next page is named by the answer's link", () => {
  expect(nextCursor('</api/sessions?limit=50&cursor=a%2Fb>; rel="next"')).toBe("a/b");
  expect([nextCursor(null), nextCursor("")]).toEqual([null, null]);
});
