/** The inbox before the first task: one example teaches what will stand here. Layer: feature. */
import { Link } from "@tanstack/react-router";
import { ArrowRight } from "lucide-react";
import { ButtonLink } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";

const examples = [
  "Find the test that fails now and then, and make it reliable",
  "Explain how configuration is loaded, and where defaults are set",
  "Update the README to match what the commands really print",
];

/** The example. */
export function FirstRun() {
  return (
    <div className="max-w-[72ch]">
      <h2 className="font-semibold text-xl tracking-[-0.015em]">Give an agent its first task</h2>
      <p className="mt-2 text-n11 text-base">
        Describe what you want, choose a repository, and close the laptop. The agent works in a sandbox on a
        copy. When it is done, its outcome and its pull request wait for you here; when it needs a decision,
        so does its question.
      </p>
      <ButtonLink to="/new" look="primary" size="large" className="mt-5">
        New task
        <Icon of={ArrowRight} />
      </ButtonLink>
      <h3 className="mt-8 mb-1 font-medium text-n10 text-xs">Or begin with one of these</h3>
      <ul>
        {examples.map((prompt) => (
          <li key={prompt} className="border-n5 border-b">
            <Link
              to="/new"
              search={{ prompt }}
              data-row
              className="flex min-h-11 items-center gap-3 py-2 hover:text-accent-text"
            >
              <span className="min-w-0 flex-1">{prompt}</span>
              <Icon of={ArrowRight} className="text-n10" />
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
