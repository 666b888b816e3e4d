/** What the stories of a file share: a server with whatever was made on it, and windows that are closed after each story.
 *
 *  Invariant: no story ends well in which a page complained or asked somebody else than its server. */
import { test as base, expect, type TestAPI } from "vitest";
import { close, signIn, type Visit, visit } from "./browser.ts";
import { Server, type Settings } from "./server.ts";

/** How a window is opened; by default on the file's server, by somebody who is signed in. */
export type Opened = Parameters<typeof visit>[1] & { at?: Server; stranger?: boolean };

/** What a story is given. */
export interface Given<Made> {
  server: Server;
  /** What was made on the server before the first story. */
  made: Made;
  /** Opens a window with a profile of its own. */
  window: (how?: Opened) => Promise<Visit>;
}

/** The `test` of a file whose server has these settings. Making may take this long, in milliseconds. */
export function stories<Made = undefined>(
  settings: Settings = {},
  make: (server: Server) => Made | Promise<Made> = () => undefined as Made,
  patience = 60_000,
): TestAPI<Given<Made>> {
  const test = base
    .extend("settings", { scope: "file" }, () => settings)
    .extend("server", { scope: "file" }, async ({ settings }, { onCleanup }) => {
      const server = await Server.start(settings);
      onCleanup(async () => {
        await close();
        await server.stop();
      });
      return server;
    })
    .extend("made", { scope: "file" }, async ({ server }) => await make(server))
    .extend("window", async ({ server }, { onCleanup }) => {
      const open: Visit[] = [];
      onCleanup(async () => {
        for (const { context } of open) await context.close();
        expect(open.flatMap(({ complaints, foreign }) => [...complaints, ...foreign])).toEqual([]);
      });
      return async ({ at = server, stranger = false, ...options }: Opened = {}) => {
        const visited = await visit(at.url, options);
        open.push(visited);
        return stranger ? visited : await signIn(visited, at);
      };
    });
  // Before the first story, so that its own time is its own.
  test.beforeAll(async ({ made }) => void made, patience);
  return test as unknown as TestAPI<Given<Made>>;
}
