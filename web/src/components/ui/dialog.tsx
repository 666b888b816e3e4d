/** A dialog over the page. Layer: components. */
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { cx } from "@/lib/classes";
import { IconButton } from "./button";
import { Icon } from "./icon";

/** What had the focus before a dialog took it. A menu's entry is gone by then: its menu's button stands for it. */
function cameFrom(): HTMLElement | null {
  const active = document.activeElement;
  const menu = active?.closest('[role="menu"]');
  const place = menu ? document.getElementById(menu.getAttribute("aria-labelledby") ?? "") : active;
  return place instanceof HTMLElement && place !== document.body ? place : null;
}

/** What can have the focus. */
const FIRST = "input, textarea, select, button:not(:disabled), a[href]";

interface DialogProps {
  open: boolean;
  /** Is told when somebody wants to close it; absent: it cannot be closed. */
  onClose?: (() => void) | undefined;
  title: string;
  /** One sentence under the title. */
  description?: ReactNode;
  children: ReactNode;
  className?: string;
  /** Keeps the title for screen readers only. */
  bare?: boolean;
}

/** A dialog; the focus stays inside until it closes. */
export function Dialog({
  open,
  onClose,
  title,
  description,
  children,
  className,
  bare = false,
}: DialogProps) {
  const back = useRef<HTMLElement | null>(null);
  const body = useRef<HTMLDivElement>(null);
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose?.()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-shade" />
        <Radix.Content
          {...(description === undefined && { "aria-describedby": undefined })}
          onOpenAutoFocus={(event) => {
            back.current = cameFrom();
            // The first thing to do, which is not to close it.
            const first = body.current?.querySelector<HTMLElement>(FIRST);
            if (first == null) return;
            event.preventDefault();
            first.focus();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            const place = back.current?.isConnected ? back.current : document.getElementById("main");
            place?.focus({ preventScroll: true });
          }}
          className={cx(
            "fixed inset-x-3 top-[8vh] z-50 mx-auto flex max-h-[84vh] max-w-130 animate-arrive flex-col overflow-hidden rounded-md bg-n2 shadow-float",
            className,
          )}
        >
          <div className={bare ? "sr-only" : "flex items-start gap-3 border-n5 border-b py-3 pr-2 pl-4"}>
            <div className="min-w-0 flex-1 py-1">
              <Radix.Title className="font-semibold text-base">{title}</Radix.Title>
              {description !== undefined && (
                <Radix.Description className="mt-1 text-n11 text-sm">{description}</Radix.Description>
              )}
            </div>
            {onClose && !bare && (
              <IconButton label="Close" onClick={onClose}>
                <Icon of={X} />
              </IconButton>
            )}
          </div>
          <div ref={body} className={cx("min-h-0 overflow-y-auto", !bare && "p-4")}>
            {children}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
