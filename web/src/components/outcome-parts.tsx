/** The four parts of an outcome. What the platform saw and what the agent claims are kept apart. Layer: components. */
import { MessageSquareQuote, ShieldCheck, ShieldQuestion } from "lucide-react";
import type { Wire } from "@/api/client";
import { Icon } from "./ui/icon";
import { Words } from "./words";

type Session = Wire<"Session">;

/** Whether the platform's own checks passed, with their number. */
export function VerifiedMark({ session }: { session: Pick<Session, "checks"> }) {
  const passed = session.checks.filter((check) => check.exitCode === 0).length;
  const all = session.checks.length;
  const fine = all > 0 && passed === all;
  const words = all === 0 ? "no checks ran" : `${passed} of ${all} checks passed`;
  return (
    <span
      className={
        fine ? "inline-flex items-center gap-1 text-done" : "inline-flex items-center gap-1 text-n11"
      }
      title={words}
    >
      <Icon of={fine ? ShieldCheck : ShieldQuestion} className="size-3.5" />
      <span className="sr-only">{words}</span>
      {all > 0 && (
        <span className="tabular" aria-hidden>
          {passed}/{all}
        </span>
      )}
    </span>
  );
}

/** Changed, verified, uncertain, next; then the agent's own words. */
export function OutcomeParts({ session }: { session: Session }) {
  const { outcome } = session;
  if (outcome === null) return <p className="text-n11">There is no outcome.</p>;
  const { claims } = outcome;
  // What it left uncertain and next stands above already.
  const says = claims.changed.length + claims.verified.length > 0;
  return (
    <div className="flex flex-col gap-5">
      <div className="grid gap-x-8 gap-y-5 @min-[36rem]:grid-cols-2">
        <Part name="Changed" lines={outcome.changed} empty="Nothing" />
        <Part name="Verified by TeleCoder" lines={outcome.verified} empty="Nothing was checked" proof />
        <Part name="Uncertain" lines={outcome.uncertain} empty="Nothing said" />
        <Part name="Next" lines={outcome.next} empty="Nothing left" />
      </div>
      {says && (
        <section className="rounded-md border border-n5 bg-n2 px-4 py-3">
          <h3 className="mb-2 flex items-center gap-1.5 font-medium text-n11 text-xs">
            <Icon of={MessageSquareQuote} className="size-3.5" />
            What {session.agent} says (not checked)
          </h3>
          <div className="grid gap-x-8 gap-y-4 @min-[36rem]:grid-cols-2">
            {claims.changed.length > 0 && <Part name="It changed" lines={claims.changed} level="p" />}
            {claims.verified.length > 0 && <Part name="It verified" lines={claims.verified} level="p" />}
          </div>
        </section>
      )}
    </div>
  );
}

function Part({
  name,
  lines,
  empty = "",
  level: Heading = "h3",
  proof = false,
}: {
  name: string;
  lines: string[];
  empty?: string;
  /** What its name is: a heading, or a line below one. */
  level?: "h3" | "p";
  /** What the platform saw itself. */
  proof?: boolean;
}) {
  const proven = proof && lines.length > 0;
  return (
    <div className="min-w-0">
      <Heading className="mb-1 flex items-center gap-1.5 font-medium text-n11 text-xs">
        {proven && <Icon of={ShieldCheck} className="size-3.5 text-done" />}
        {name}
      </Heading>
      {lines.length === 0 ? (
        <p className="text-n10 text-sm">{empty}</p>
      ) : (
        <ul className="flex max-w-[72ch] flex-col gap-1 text-sm">
          {lines.map((line, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the lines of an outcome do not move.
            <li key={place} dir="auto">
              <Words text={line} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
