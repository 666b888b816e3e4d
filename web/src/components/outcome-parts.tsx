/** The four parts of an outcome. What the platform saw and what the agent claims are kept apart. Layer: components. */
import { ShieldCheck, ShieldQuestion } from "lucide-react";
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
  const claims = [
    ...outcome.claims.changed,
    ...outcome.claims.verified,
    ...outcome.claims.uncertain,
    ...outcome.claims.next,
  ];
  return (
    <div className="grid gap-x-8 gap-y-4 md:grid-cols-2">
      <Part name="Changed" lines={outcome.changed} empty="Nothing" />
      <Part name="Verified by TeleCoder" lines={outcome.verified} empty="Nothing was checked" />
      <Part name="Uncertain" lines={outcome.uncertain} empty="Nothing said" />
      <Part name="Next" lines={outcome.next} empty="Nothing left" />
      {claims.length > 0 && (
        <div className="border-n6 border-l-2 pl-3 md:col-span-2">
          <Part name={`What ${session.agent} says (not checked)`} lines={claims} empty="" />
        </div>
      )}
    </div>
  );
}

function Part({ name, lines, empty }: { name: string; lines: string[]; empty: string }) {
  return (
    <div className="min-w-0">
      <h3 className="mb-1 font-medium text-n10 text-xs">{name}</h3>
      {lines.length === 0 ? (
        <p className="text-n10 text-sm">{empty}</p>
      ) : (
        <ul className="flex max-w-[72ch] flex-col gap-0.5 text-sm">
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
