/** Buttons, and links that look like them. Layer: components. */
import { createLink } from "@tanstack/react-router";
import { LoaderCircle } from "lucide-react";
import type { ComponentProps } from "react";
import { cx } from "@/lib/classes";

type Look = "primary" | "plain" | "quiet" | "danger";
type Size = "small" | "medium" | "large";

const looks: Record<Look, string> = {
  primary: "bg-accent text-on-accent border-transparent hover:bg-accent-hover",
  plain: "bg-n2 text-n12 border-n6 hover:bg-n3 hover:border-n7",
  quiet: "bg-transparent text-n11 border-transparent hover:bg-n3 hover:text-n12",
  danger: "bg-transparent text-fail border-n6 hover:bg-fail-soft hover:border-fail",
};

const sizes: Record<Size, string> = {
  small: "h-7 px-2 text-xs gap-1",
  medium: "h-8 px-3 text-sm gap-2",
  large: "h-11 px-4 text-base gap-2",
};

/** The classes of a button. */
export function buttonClass(look: Look = "plain", size: Size = "medium", className?: string): string {
  return cx(
    "inline-flex shrink-0 select-none items-center justify-center whitespace-nowrap rounded-md border font-medium",
    "transition-colors duration-[var(--quick)] aria-disabled:opacity-50 disabled:cursor-not-allowed disabled:opacity-50",
    looks[look],
    sizes[size],
    className,
  );
}

interface ButtonProps extends Omit<ComponentProps<"button">, "type"> {
  look?: Look;
  size?: Size;
  /** Waits for its action: shown, and not to be pressed again. */
  busy?: boolean;
  type?: "button" | "submit";
}

/** A button. Its words are a verb and what it acts on. */
export function Button({ look, size, busy = false, className, children, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={buttonClass(look, size, className)}
      disabled={disabled || busy}
      aria-busy={busy}
      {...rest}
    >
      {busy && <LoaderCircle className="size-4 animate-spin" strokeWidth={1.5} aria-hidden />}
      {children}
    </button>
  );
}

/** A button that shows only an icon; `label` is what it is called. */
export function IconButton({ label, className, ...rest }: ButtonProps & { label: string }) {
  return (
    <Button look="quiet" aria-label={label} title={label} className={cx("w-8 px-0", className)} {...rest} />
  );
}

/** A link to a place of this UI that looks like a button. */
export const ButtonLink = createLink(function ButtonLink({
  look,
  size,
  className,
  ...rest
}: ComponentProps<"a"> & { look?: Look; size?: Size }) {
  return <a className={buttonClass(look, size, className)} {...rest} />;
});
