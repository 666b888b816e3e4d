/** A panel that opens from a button. Layer: components. */
import { Popover as Radix } from "radix-ui";
import type { ReactNode } from "react";

/** The panel; `trigger` is one button. */
export function Popover({
  trigger,
  label,
  open,
  onOpen,
  children,
}: {
  trigger: ReactNode;
  label: string;
  open: boolean;
  onOpen: (open: boolean) => void;
  children: ReactNode;
}) {
  return (
    <Radix.Root open={open} onOpenChange={onOpen}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="start"
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          className="z-50 flex max-h-[min(60vh,var(--radix-popover-content-available-height))] w-100 max-w-[calc(100vw-1.5rem)] animate-arrive flex-col overflow-hidden rounded-md bg-n2 shadow-float"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
