/** Draws a component as in the frame: a router, a cache, and a server that answers what the test says. Layer: testing. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render } from "@testing-library/react";
import type { ReactElement, ReactNode } from "react";
import { vi } from "vitest";
import { Toasts } from "@/components/ui/toast";
import { useKeyboard } from "@/lib/shortcuts";

/** What the server answers, by `METHOD /path`; a function is asked with the body. */
export type Answers = Record<string, unknown | ((body: unknown) => Response | unknown)>;

/** Every request that was made: `METHOD /path`, its body, and the key by which a repetition is known. */
export interface Drawn {
  asked: { call: string; body: unknown; key: string | null }[];
  queries: QueryClient;
}

/** Draws it. An address that the test does not name is answered by 404. */
export function draw(element: ReactElement, answers: Answers = {}): Drawn {
  const asked: Drawn["asked"] = [];
  vi.stubGlobal("fetch", async (input: Request | string, init?: RequestInit) => {
    const request = input instanceof Request ? input : new Request(new URL(input, location.origin), init);
    const text = await request.text();
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    const call = `${request.method} ${new URL(request.url).pathname}`;
    asked.push({ call, body, key: request.headers.get("idempotency-key") });
    const found = answers[call];
    if (found === undefined)
      return Response.json({ error: "nothing here", code: "not_found", requestId: "r" }, { status: 404 });
    const made: unknown = await (typeof found === "function" ? found(body) : found);
    return made instanceof Response ? made : Response.json(made);
  });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: "always" } } });
  const root = createRootRoute({ component: () => <Around>{element}</Around> });
  const any = createRoute({ getParentRoute: () => root, path: "$" });
  const router = createRouter({
    routeTree: root.addChildren([any]),
    history: createMemoryHistory({ initialEntries: ["/"] }),
  });
  render(
    <QueryClientProvider client={queries}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  return { asked, queries };
}

function Around({ children }: { children: ReactNode }) {
  useKeyboard();
  return (
    <>
      <main>{children}</main>
      <Toasts />
    </>
  );
}
