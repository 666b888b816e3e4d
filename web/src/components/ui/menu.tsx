/** Menus that open from a button: of actions, and of choices. Layer: components. */
import { Check, ChevronDown } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import { type ReactNode, useState } from "react";
import { cx } from "@/lib/classes";
import { buttonClass } from "./button";
import { Icon } from "./icon";

const panel =
  "z-50 max-h-[min(60vh,var(--radix-dropdown-menu-content-available-height))] min-w-48 max-w-[min(24rem,calc(100vw-1.5rem))] animate-arrive overflow-y-auto rounded-md bg-n2 p-1 shadow-float outline-none";
const row =
  "flex min-h-8 cursor-default select-none items-start gap-2 rounded-sm px-2 py-1.5 text-sm outline-none data-[disabled]:opacity-50 data-[highlighted]:bg-n4";

/** Where what floats stands in the document: in the page itself, which screen readers know as a landmark. */
export const landmark = (): HTMLElement | null => document.getElementById("main");

/** A menu of actions. `trigger` is one button. */
export function Menu({
  trigger,
  children,
  align = "end",
  open = false,
}: {
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "end";
  /** Whether it is open at first. */
  open?: boolean;
}) {
  const [now, setNow] = useState(open);
  return (
    <Radix.Root modal={false} open={now} onOpenChange={setNow}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal container={landmark()}>
        <Radix.Content loop align={align} sideOffset={4} collisionPadding={8} className={panel}>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** One action of a menu. */
export function MenuItem({
  children,
  onSelect,
  danger = false,
  disabled = false,
}: {
  children: ReactNode;
  onSelect: () => void;
  danger?: boolean;
  disabled?: boolean;
}) {
  return (
    <Radix.Item className={cx(row, danger && "text-fail")} onSelect={onSelect} disabled={disabled}>
      {children}
    </Radix.Item>
  );
}

/** A line between groups. */
export function MenuLine() {
  return <Radix.Separator className="my-1 h-px bg-n5" />;
}

export interface Choice<Value extends string> {
  value: Value;
  name: ReactNode;
  /** What it means, in a line or two. */
  about?: ReactNode;
  disabled?: boolean;
}

/** A choice of one out of a few; the button shows what is chosen. */
export function ChoiceMenu<Value extends string>({
  label,
  value,
  choices,
  onChoose,
  icon,
  shown,
}: {
  label: string;
  value: Value;
  choices: Choice<Value>[];
  onChoose: (value: Value) => void;
  icon?: ReactNode;
  shown?: ReactNode;
}) {
  const chosen = choices.find((choice) => choice.value === value);
  const [open, setOpen] = useState(false);
  return (
    <Radix.Root modal={false} open={open} onOpenChange={setOpen}>
      <Radix.Trigger className={buttonClass("plain", "medium", "max-w-full gap-1.5 px-2.5")}>
        {icon}
        <span className="sr-only">{label}: </span>
        <span className="truncate">{shown ?? chosen?.name ?? value}</span>
        <Icon of={ChevronDown} className="text-n10" />
      </Radix.Trigger>
      <Radix.Portal container={landmark()}>
        <Radix.Content align="start" sideOffset={4} collisionPadding={8} className={panel} aria-label={label}>
          <Radix.RadioGroup value={value} onValueChange={(next) => onChoose(next as Value)}>
            {choices.map((choice) => (
              <Radix.RadioItem
                key={choice.value}
                value={choice.value}
                disabled={choice.disabled ?? false}
                className={cx(row, "pl-7 relative")}
              >
                <Radix.ItemIndicator className="absolute top-2 left-2">
                  <Icon of={Check} className="text-accent-text" />
                </Radix.ItemIndicator>
                <span className="min-w-0">
                  <span className="block font-medium">{choice.name}</span>
                  {choice.about !== undefined && (
                    <span className="mt-0.5 block text-n11 text-xs">{choice.about}</span>
                  )}
                </span>
              </Radix.RadioItem>
            ))}
          </Radix.RadioGroup>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
