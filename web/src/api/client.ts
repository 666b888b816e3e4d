/** The typed client of the HTTP API. Types come from the server's OpenAPI document and from nowhere else. Layer: api. */
import createClient from "openapi-fetch";
import { signedOut, signInsSoFar } from "./access";
import { ApiError, asApiError, readError } from "./errors";
import type { components, paths } from "./schema.gen";

/** A type of the API by its name. */
export type Wire<Name extends keyof components["schemas"]> = components["schemas"][Name];

export const client = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? "",
  credentials: "same-origin",
  // Both together show the server that a page of its own sends the request, not another site with our cookie.
  headers: { "content-type": "application/json", "x-telecoder": "web" },
  // Looked up at each call, so that tests may put another in its place.
  fetch: (request) => globalThis.fetch(request),
});

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** Gives the answer's body, or throws an `ApiError`. A 401 also tells the frame that somebody must sign in. */
export async function take<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  const then = signInsSoFar();
  let answer: Answer<Data>;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw asApiError(error);
  }
  if (answer.response.ok) return answer.data as Data;
  const error = readError(answer.response.status, answer.error);
  if (error.status === 401 && !answer.response.url.endsWith("/api/login")) signedOut(then);
  throw error;
}

/** One page of a list, and the cursor of the next. */
export interface Page<Item> {
  items: Item[];
  next: string | null;
}

/** Gives a page of a list with the cursor that its `Link` header names. */
export async function takePage<Item>(call: Promise<Answer<Item[]>>): Promise<Page<Item>> {
  let link: string | null = null;
  const items = await take(
    call.then((answer) => {
      link = answer.response.headers.get("link");
      return answer;
    }),
  );
  return { items, next: nextCursor(link) };
}

/** `<…?cursor=x>; rel="next"` → x. */
export function nextCursor(link: string | null): string | null {
  const address = /<([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? "")?.[1];
  if (address === undefined) return null;
  return new URL(address, "http://x").searchParams.get("cursor");
}

/** Whether trying again could help. */
export function mayPass(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500;
}
