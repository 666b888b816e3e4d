import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { draw } from "@/testing/page";
import { policy, session } from "@/testing/samples";
import { NewTaskForm } from "./new-task-form";

const facts = {
  repo: "/srv/api",
  defaultBranch: "main",
  headSha: "0123456789abcdef",
  origin: null,
  uncommitted: ["notes.txt"],
  uncommittedTotal: 3,
};
const answers = {
  "GET /api/agents": [],
  "GET /api/policies": [policy],
  "GET /api/repositories": [],
  "POST /api/repositories/inspect": facts,
  "POST /api/sessions": session(),
};
const kept = (draft: object) => localStorage.setItem("telecoder.draft.new-task", JSON.stringify(draft));
const draft = { prompt: "Fix it", repo: "/srv/api", base: "", agent: "", model: "", policy: "", publish: "" };

test("a draft that was kept is there again, with what is known of its repository", async () => {
  kept(draft);
  draw(<NewTaskForm asked={{}} onSent={() => {}} />, answers);
  expect(await screen.findByLabelText("What is to be done")).toHaveValue("Fix it");
  expect(await screen.findByText(/3 uncommitted files will not be part of the work/)).toBeInTheDocument();
  expect(screen.getByText(/works on a copy of api from main/)).toBeInTheDocument();
});

test("a link fills what is empty and replaces no words", async () => {
  kept(draft);
  draw(<NewTaskForm asked={{ prompt: "Something else", repo: "acme/web" }} onSent={() => {}} />, answers);
  expect(await screen.findByLabelText("What is to be done")).toHaveValue("Fix it");
  expect(screen.getByRole("button", { name: /acme\/web/ })).toBeInTheDocument();
});

test("nothing is sent without words; what is sent holds what was chosen; the draft is gone after it", async () => {
  kept({ ...draft, prompt: "" });
  const sent: string[] = [];
  const { asked } = draw(<NewTaskForm asked={{}} onSent={(made) => sent.push(made.id)} />, answers);
  const start = await screen.findByRole("button", { name: "Start the task" });
  fireEvent.click(start);
  expect(screen.getByText("Say first what is to be done")).toBeInTheDocument();
  fireEvent.change(screen.getByLabelText("What is to be done"), { target: { value: "Fix the sum" } });
  fireEvent.change(screen.getByLabelText("Branch or commit to start from"), { target: { value: "dev" } });
  fireEvent.click(start);
  await waitFor(() => expect(sent).toEqual(["abcd2345efgh"]));
  expect(asked.filter(({ call }) => call === "POST /api/sessions").map(({ body }) => body)).toEqual([
    { prompt: "Fix the sum", repo: "/srv/api", base: "dev" },
  ]);
  expect(screen.getByLabelText("What is to be done")).toHaveValue("");
});

test("a forge without credentials is said with the remedy", async () => {
  kept({ ...draft, repo: "acme/api" });
  const refusal = () =>
    Response.json(
      {
        error: "the server has no credentials for https://github.com",
        code: "forge_credentials",
        hint: "set GITHUB_TOKEN for the server",
        requestId: "r",
      },
      { status: 422 },
    );
  draw(<NewTaskForm asked={{}} onSent={() => {}} />, {
    ...answers,
    "POST /api/repositories/inspect": refusal,
  });
  const said = await screen.findByText(/^The server has no credentials/);
  expect(said.closest("[role=alert]")).toHaveTextContent("Set GITHUB_TOKEN for the server");
});

test("a missing agent and a missing key are said with their remedies", async () => {
  draw(<NewTaskForm asked={{}} onSent={() => {}} />, {
    ...answers,
    "GET /api/defaults": { agent: null, policy: "standard", publish: null, localPaths: true, providers: [] },
  });
  expect(await screen.findByRole("link", { name: "Install an agent" })).toHaveAttribute("href", "/agents");
  expect(await screen.findByRole("link", { name: "Set a key" })).toHaveAttribute("href", "/settings");
});

test("a refusal keeps the draft and says what to do", async () => {
  kept(draft);
  const refusal = () =>
    Response.json(
      { error: "no agent is ready", code: "agent_missing", hint: "install one", requestId: "r" },
      { status: 422 },
    );
  draw(<NewTaskForm asked={{}} onSent={() => {}} />, { ...answers, "POST /api/sessions": refusal });
  fireEvent.click(await screen.findByRole("button", { name: "Start the task" }));
  expect(await screen.findByText("No agent is ready")).toBeInTheDocument();
  expect(screen.getByText("Install one")).toBeInTheDocument();
  expect(screen.getByLabelText("What is to be done")).toHaveValue("Fix it");
});
