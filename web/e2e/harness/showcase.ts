/** What the README shows: a real agent (OpenCode) at work in a shop's repository. The agent, the sandbox, git and the pull request
 *  are real; a scripted model answers, as in `cargo xtask demo`, and only its script is taken out of the words. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { agents, model } from "./programs.ts";
import { FIXED, LOCK, MONEY, MONEY_FIXED, plain, TOTALS, WORDS } from "./scenes.ts";
import { Server } from "./server.ts";

/** The agent of the pictures. */
const AGENT = "opencode";
/** Only the server has it. */
const KEY = "picture-key";

/** The sessions that are shown. */
export interface Showcase {
  server: Server;
  done: string;
  asks: string;
  end: () => Promise<void>;
}

const TEST = `import unittest

from cart.totals import Line, total


class TotalsTest(unittest.TestCase):
    def test_three_pieces_cost_three_times_as_much(self):
        self.assertEqual(total([Line("pen", 3, 0.1)]), 5.2)
`;

const TEST_FIXED = `import unittest

from cart.totals import Line, total


class TotalsTest(unittest.TestCase):
    def test_three_pieces_cost_three_times_as_much(self):
        self.assertEqual(total([Line("pen", 3, 0.1)]), 5_20)

    def test_totals_are_exact(self):
        for price in [0.1, 0.2, 0.7]:
            self.assertEqual(total([Line("pen", 3, price)]), round(price * 300) + 4_90)
`;

const at = (path: string) => `/workspace/${path}`;
const todo = (...done: ("completed" | "in_progress" | "pending")[]) => ({
  tool: [
    "todowrite",
    {
      todos: ["Count money in cents", "Move the totals over", "Cover the cases that drifted"].map(
        (content, index) => ({ id: String(index), content, status: done[index], priority: "high" }),
      ),
    },
  ],
});
const usage = { input: 5_200, output: 410, cacheRead: 18_000 };
const tests = "python3 -B -m unittest 2>&1 || true";

const work = [
  { read: at("cart/totals.py"), usage },
  { read: at("cart/money.py"), usage },
  { read: at("cart/discounts.py"), usage },
  { read: at("tests/test_totals.py"), usage },
  { ...todo("in_progress", "pending", "pending"), usage },
  {
    say: "Totals are added up as floats, so cents drift: `3 × 0.1` is not `0.3`. I count in **whole cents** instead, and round once, where a price comes in.\n\n- `cart/money.py` gets a `Cents` type\n- `cart/totals.py` adds cents\n- the tests compare exact amounts\n",
    write: [at("cart/money.py"), MONEY_FIXED],
    usage,
  },
  { write: [at("cart/totals.py"), FIXED], usage },
  { ...todo("completed", "completed", "in_progress"), usage },
  { shell: tests, usage },
  {
    say: "As expected: the test still compares with a float. It has to speak in cents, too.",
    write: [at("tests/test_totals.py"), TEST_FIXED],
    usage,
  },
  { shell: tests, usage },
  { ...todo("completed", "completed", "completed"), usage },
  {
    text: "Changed:\n- Totals are counted in whole cents\n- Prices are rounded half to even, once, where they come in\n\nVerified:\n- Both tests pass\n\nUncertain:\n- Whether the invoice export expects floats; nothing in this repository reads it\n\nNext:\n- Tell the owner of the invoice export that totals are integers now\n",
    usage,
  },
];

/** Where the shop's repository lies: a name that a reader would choose. */
const SHOP = "/tmp/shop";

/** Starts all of it. */
export async function showcase(): Promise<Showcase> {
  if (!existsSync(`${agents}/${AGENT}`))
    throw new Error(`${AGENT} is not installed in ${agents}; run: cargo xtask setup`);
  // Refuses a folder that is somebody's.
  mkdirSync(SHOP);
  const [played, url] = await startModel();
  const server = await Server.start(
    {
      TELECODER_MAX_SESSIONS: "2",
      TELECODER_AGENT_GYM_COMMAND: undefined,
      TELECODER_DEFAULT_AGENT: AGENT,
      TELECODER_LOCAL_ROOTS: SHOP,
      OPENAI_API_KEY: KEY,
      OPENAI_BASE_URL: `${url}/v1`,
    },
    (data) => void execFileSync("cp", ["--archive", "--link", agents, `${data}/agents`]),
  );
  const end = async () => {
    await server.stop();
    rmSync(SHOP, { recursive: true, force: true });
    played.kill();
  };
  try {
    return { server, ...(await play(server)), end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function play(server: Server): Promise<{ done: string; asks: string }> {
  const repo = server.repository(
    "cart",
    {
      "README.md": "# Cart\n\nTotals, discounts and shipping of a small shop.\n",
      "cart/__init__.py": "",
      "cart/totals.py": TOTALS,
      "cart/money.py": MONEY,
      "cart/discounts.py":
        'CODES = {"SPRING": 10, "STAFF": 25}\n\n\ndef discount_for(code, amount):\n    return amount * CODES.get(code or "", 0) // 100\n',
      "tests/__init__.py": "",
      "tests/test_totals.py": TEST,
      "poetry.lock": LOCK("8.3.2"),
    },
    SHOP,
  );
  const make = async (title: string, steps: object[], more: object = {}) => {
    const words = `${WORDS[title] ?? title}\n\nSCRIPT${JSON.stringify({ steps })}`;
    const { id } = await server.call<{ id: string }>("POST", "/api/sessions", {
      prompt: words,
      title,
      repo,
      agent: AGENT,
      ...more,
    });
    return id;
  };
  const answered = await make(
    "Explain how discounts are applied",
    [
      { read: at("cart/discounts.py"), usage },
      { read: at("cart/totals.py"), usage },
      {
        text: "A code takes a percentage off the subtotal, before shipping.\n\n1. `subtotal` adds up the lines.\n2. `discount_for` looks the code up in `CODES`; an unknown code takes nothing off.\n3. `shipping` is added afterwards, from the amount **before** the discount.\n",
        usage,
      },
    ],
    { policy: "observe" },
  );
  const failed = await make("Upgrade to Python 3.14", [
    { read: at("poetry.lock"), usage },
    { error: 400 },
    { text: "Never said." },
  ]);
  const done = await make("Count money in whole cents", work);
  for (const id of [answered, failed, done]) await server.until(id, "complete", "error");
  const asks = await make(
    "Say what shipping costs before the checkout",
    [
      { read: at("cart/totals.py"), usage },
      {
        say: "The fee is known as soon as there is a subtotal. I add it to the summary of the cart.",
        edit: [
          at("cart/totals.py"),
          'def pieces(lines: list[Line]) -> int:\n    """How many pieces are in the cart."""',
          'def summary(lines: list[Line]) -> str:\n    """What the cart says below its lines."""\n    fee = shipping(lines)\n    return "Free shipping" if fee == 0 else f"Shipping {fee:.2f}"\n\n\ndef pieces(lines: list[Line]) -> int:\n    """How many pieces are in the cart."""',
        ],
        usage,
      },
      { shell: tests, usage },
      { text: "The cart says what shipping costs, or that it is free. The test passes.", usage },
    ],
    { publish: "ask" },
  );
  await server.until(asks, "waiting");
  await make("Speed up the checkout tests", [
    { read: at("tests/test_totals.py"), usage },
    { shell: "sleep 600", usage },
    { text: "Done." },
  ]).then((id) => server.until(id, "running"));
  plain(server);
  return { done, asks };
}

/** Starts the scripted model and gives its address. */
async function startModel(): Promise<[ChildProcess, string]> {
  const child = spawn(model, ["--key", KEY], { stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.once("exit", (code) => reject(new Error(`the scripted model ended with ${code}`)));
    child.stdout?.on("data", (piece) => {
      said += piece;
      const found = /listening on (\S+)\n/.exec(said)?.[1];
      if (found !== undefined) resolve(found.replace(/\/$/, ""));
    });
  });
  return [child, url];
}
