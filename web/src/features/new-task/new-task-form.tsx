/** The form of a task: one prompt, one line of choices, one sentence of what will happen. The draft survives. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { ArrowUp } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import type { Wire } from "@/api/client";
import { defaultsQuery, policiesQuery } from "@/api/queries";
import { Keys } from "@/components/keys";
import { Missing } from "@/components/missing";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { ErrorNote } from "@/components/ui/states";
import { useKept } from "@/lib/storage";
import { Choices } from "./components/choices";
import { PromptField } from "./components/prompt-field";
import { RepositoryFacts } from "./components/repository-facts";
import { type Draft, EMPTY, whatWillHappen } from "./draft";
import { useInspect } from "./hooks/use-inspect";
import { useSend } from "./hooks/use-send";

/** What a link to this page may bring. */
export interface Asked {
  prompt?: string | undefined;
  repo?: string | undefined;
  agent?: string | undefined;
  policy?: string | undefined;
}

/** The form. `asked` is what a link brings; `onSent` is told of the session that it became. */
export function NewTaskForm({ asked, onSent }: { asked: Asked; onSent: (session: Wire<"Session">) => void }) {
  const [draft, setDraft] = useKept<Draft>("draft.new-task", EMPTY);
  const [tried, setTried] = useState(false);
  const policies = useQuery(policiesQuery);
  const defaults = useQuery(defaultsQuery);
  const facts = useInspect(draft.repo);
  const send = useSend((session) => {
    // The next task is likely to be for the same repository.
    setDraft({ ...EMPTY, repo: draft.repo, agent: draft.agent, policy: draft.policy });
    onSent(session);
  });
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  // What a link brings fills what is empty; what somebody wrote is never replaced.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the link counts, and only when it changes.
  useEffect(() => {
    set({
      prompt: draft.prompt || (asked.prompt ?? ""),
      repo: asked.repo ?? draft.repo,
      agent: asked.agent ?? draft.agent,
      policy: asked.policy ?? draft.policy,
    });
  }, [asked.prompt, asked.repo, asked.agent, asked.policy]);
  const name = draft.policy || defaults.data?.policy || "standard";
  const policy = policies.data?.find((each) => each.name === name);
  const empty = draft.prompt.trim() === "";
  const submit = () => {
    setTried(true);
    if (!empty && !send.isPending) send.mutate(draft);
  };
  return (
    <>
      <Missing />
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          submit();
        }}
      >
        <PromptField
          value={draft.prompt}
          onChange={(prompt) => set({ prompt })}
          onSend={submit}
          problem={tried && empty ? "Say first what is to be done" : undefined}
        />
        <div className="mt-3">
          <Choices draft={draft} set={set} policy={policy} branch={facts.data?.defaultBranch} />
        </div>
        <RepositoryFacts facts={facts} />
        <div className="mt-5 max-w-[72ch] border-n6 border-l-2 pl-3">
          <h2 className="font-medium text-n11 text-xs">What will happen</h2>
          <p className="mt-0.5 text-base">{whatWillHappen(draft, policy, defaults.data, facts.data)}</p>
        </div>
        {send.isError && (
          <ErrorNote
            error={send.error}
            look="mt-4 border-fail border-l-2 bg-fail-soft px-3 py-2"
            words="font-medium"
          />
        )}
        <div className="mt-4 flex flex-wrap items-center gap-3">
          <Button
            type="submit"
            look="primary"
            size="large"
            className="w-full md:w-auto"
            busy={send.isPending}
          >
            <Icon of={ArrowUp} />
            Start the task
          </Button>
          <Keys keys="mod+enter" className="hidden md:inline" />
        </div>
      </form>
    </>
  );
}
