/** Fields with their names and errors. Layer: components. */
import { ChevronDown } from "lucide-react";
import { type ComponentProps, type ReactNode, useId } from "react";
import { cx } from "@/lib/classes";
import { Icon } from "./icon";

/** The classes of everything that somebody types into. */
export const inputClass =
  "h-8 w-full min-w-0 rounded-md border border-n6 bg-n1 px-2.5 text-sm text-n12 hover:border-n7 focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0 aria-[invalid=true]:border-fail disabled:opacity-60";

interface Around {
  label: ReactNode;
  /** What it is for, or what is expected. */
  hint?: ReactNode;
  /** What is wrong with it. */
  problem?: ReactNode;
  /** Keeps the label for screen readers only. */
  quiet?: boolean;
}

function Field({ label, hint, problem, quiet, id, children }: Around & { id: string; children: ReactNode }) {
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className={quiet ? "sr-only" : "font-medium text-n11 text-xs"}>
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-n10 text-xs">
          {hint}
        </p>
      )}
      {problem !== undefined && (
        <p id={`${id}-problem`} className="text-fail text-xs" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

const described = (id: string, { hint, problem }: Around) =>
  cx(hint !== undefined && `${id}-hint`, problem !== undefined && `${id}-problem`) || undefined;

/** One line of text. */
export function TextField({
  label,
  hint,
  problem,
  quiet,
  className,
  mono,
  ...rest
}: Around & ComponentProps<"input"> & { mono?: boolean }) {
  const id = useId();
  const around = { label, hint, problem, ...(quiet && { quiet }) };
  return (
    <Field {...around} id={id}>
      <input
        id={id}
        className={cx(inputClass, mono && "font-mono", className)}
        aria-invalid={problem !== undefined}
        aria-describedby={described(id, around)}
        autoComplete="off"
        spellCheck={false}
        {...rest}
      />
    </Field>
  );
}

/** One of a few values, as the platform shows it. */
export function SelectField({
  label,
  hint,
  problem,
  quiet,
  className,
  children,
  ...rest
}: Around & ComponentProps<"select">) {
  const id = useId();
  const around = { label, hint, problem, ...(quiet && { quiet }) };
  return (
    <Field {...around} id={id}>
      <div className="relative">
        <select
          id={id}
          className={cx(inputClass, "appearance-none pr-8", className)}
          aria-describedby={described(id, around)}
          {...rest}
        >
          {children}
        </select>
        <Icon of={ChevronDown} className="pointer-events-none absolute top-2 right-2.5 text-n10" />
      </div>
    </Field>
  );
}
