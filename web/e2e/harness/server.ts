/** A real server on a free port with a data folder of its own, and the calls that prepare what a test looks at.
 *
 *  Invariants: nothing of this user's settings reaches it; it ends with its test, and its folder with it. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { agent, telecoder } from "./programs.ts";

const PATIENCE = 30_000;

/** Environment variables; `undefined` takes one of ours away. */
export type Settings = Record<string, string | undefined>;

export class Server {
  #process: ChildProcess | null = null;
  readonly folder = mkdtempSync(join(tmpdir(), "telecoder-e2e-"));
  readonly data = join(this.folder, "data");
  /** What opens it; without one, only servers of root and those beyond loopback would ask. */
  readonly token = `tc_${randomBytes(32).toString("hex")}`;
  #port = "0";
  url = "";

  readonly #settings: Settings;

  private constructor(settings: Settings) {
    this.#settings = settings;
    mkdirSync(this.data);
  }

  /** Starts one; `prepared` may put something into its data folder before. */
  static async start(settings: Settings = {}, prepared: (data: string) => void = () => {}): Promise<Server> {
    const server = new Server(settings);
    prepared(server.data);
    await server.start();
    return server;
  }

  /** Starts it (again, on the same port). */
  async start(): Promise<void> {
    const address = join(this.data, "server.json");
    rmSync(address, { force: true });
    const clean = Object.entries(process.env).filter(([name]) => !/^TELECODER_|_API_KEY$|_TOKEN$/.test(name));
    const child = spawn(telecoder, ["serve"], {
      cwd: this.folder,
      stdio: ["ignore", "ignore", "ignore"],
      env: {
        ...Object.fromEntries(clean),
        HOME: this.folder,
        TELECODER_CONFIG: "/dev/null",
        TELECODER_DATA_DIR: this.data,
        TELECODER_LISTEN: `127.0.0.1:${this.#port}`,
        TELECODER_LOCAL_ROOTS: this.folder,
        TELECODER_AGENT_GYM_COMMAND: agent,
        TELECODER_API_TOKEN: this.token,
        TELECODER_DEFAULT_AGENT: "gym",
        ...this.#settings,
      },
    });
    this.#process = child;
    await until("the server's address", this.data, () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
      this.url = JSON.parse(readFileSync(address, "utf8")).url;
    });
    this.#port = new URL(this.url).port;
    await retry("a healthy answer", async () => {
      if (!(await fetch(`${this.url}/health`)).ok) throw new Error("not healthy");
    });
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === null || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    this.#process = null;
  }

  /** Ends it with all of its sessions, which would outlive it, and takes its folder away. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child !== null && child.exitCode === null) {
      await this.#endSessions();
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The newest first: what is queued must not begin because what is before it has ended. A session that is removed has no
   *  sandbox any more; one that was only stopped may still have it for a moment. */
  async #endSessions(): Promise<void> {
    for (;;) {
      const active = await this.call<{ id: string; status: string }[]>(
        "GET",
        "/api/sessions?status=active&limit=100",
      );
      if (active.length === 0) return;
      for (const { id } of active) await this.call("POST", `/api/sessions/${id}/stop`).catch(() => {});
      for (const { id } of active.filter(({ status }) => status !== "pending")) {
        await this.until(id, "complete", "error", "stopped");
        await this.call("DELETE", `/api/sessions/${id}`).catch(() => {});
      }
    }
  }

  /** Calls the API. */
  async call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${this.token}`,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (response.status === 204 ? undefined : await response.json()) as Answer;
  }

  /** Makes a repository with one commit. */
  repository(name: string, files: Record<string, string>, folder: string = this.folder): string {
    const path = join(folder, name);
    mkdirSync(path);
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(join(path, file, ".."), { recursive: true });
      writeFileSync(join(path, file), text);
    }
    const git = (...words: string[]) => execFileSync("git", ["-C", path, ...words], { stdio: "ignore" });
    execFileSync("git", ["init", "--initial-branch=main", path], { stdio: "ignore" });
    git("add", "--all");
    git("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "--message=First");
    return path;
  }

  /** Creates a session whose agent does these actions. */
  async session(
    actions: object[],
    more: object = {},
    words = "Do as told",
  ): Promise<{ id: string; title: string }> {
    return await this.call("POST", "/api/sessions", {
      prompt: prompt(words, actions),
      agent: "gym",
      ...more,
    });
  }

  /** Creates a session whose agent's requests are put before a person.
   *
   *  No policy that is built in asks: the session waits behind another one while its frozen policy is changed in the database.
   *  The server must be started with room for one session at a time. */
  async asking(words: string, actions: object[], more: object = {}, before = "Wait"): Promise<string> {
    const gate = await this.session([{ waitFor: "/home/agent/go" }], { title: before });
    await this.until(gate.id, "running");
    const { id } = await this.call<{ id: string }>("POST", "/api/sessions", {
      prompt: prompt(words, actions),
      agent: "gym",
      title: words,
      ...more,
    });
    const database = new DatabaseSync(join(this.data, "server.db"));
    database.exec("PRAGMA busy_timeout = 5000");
    database
      .prepare(
        "UPDATE documents SET document = json_set(document, '$.policy.permissions', 'ask') WHERE session = ?",
      )
      .run(id);
    database.close();
    await this.call("POST", `/api/sessions/${gate.id}/stop`);
    await this.until(id, "waiting");
    return id;
  }

  /** Lets an agent go on that waits for a file of this name in its home. */
  release(id: string, name = "go"): void {
    writeFileSync(join(this.data, "sessions", id, "home", name), "");
  }

  /** Waits until a session has one of these statuses. */
  async until(id: string, ...statuses: string[]): Promise<void> {
    await retry(`${id} ${statuses.join(" or ")}`, async () => {
      const { status } = await this.call<{ status: string }>("GET", `/api/sessions/${id}`);
      if (!statuses.includes(status)) throw new Error(`${id} is ${status}`);
    });
  }
}

/** A prompt that people can read and the scripted agent follows. */
export const prompt = (words: string, actions: object[]) =>
  `${words}\n\nGYM${JSON.stringify({ do: actions })}`;

/** Tries until it does not throw. */
export async function retry(what: string, attempt: () => Promise<void>): Promise<void> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw new Error(`waited in vain for ${what}: ${error}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Looks each time that something changes in a folder. */
async function until(what: string, folder: string, look: () => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const watcher = watch(folder, attempt);
    const timer = setInterval(attempt, 200);
    const end = setTimeout(() => over(new Error(`waited in vain for ${what}`)), PATIENCE);
    function over(error?: Error) {
      watcher.close();
      clearInterval(timer);
      clearTimeout(end);
      if (error) reject(error);
      else resolve();
    }
    function attempt() {
      try {
        look();
        over();
      } catch (error) {
        if (error instanceof Error && error.message.startsWith("the server ended")) over(error);
      }
    }
    attempt();
  });
}
