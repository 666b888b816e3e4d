/** The top of every page: title, one line of state, actions. Layer: components. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { inboxQuery } from "@/api/queries";
import { cx } from "@/lib/classes";

interface PageProps {
  title: string;
  /** One line of state under the title. */
  line?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** Prose and forms keep to a readable width. */
  narrow?: boolean;
}

/** Names the browser's tab; how much waits for a person stands before it, for whoever looks at another tab. */
export function useTitle(title: string): void {
  // Read from what the frame keeps live; a title asks for nothing.
  const { data: waiting = 0 } = useQuery({
    ...inboxQuery,
    enabled: false,
    select: (inbox) => inbox.waiting.length,
  });
  useEffect(() => {
    const name = title === "" ? "TeleCoder" : `${title} · TeleCoder`;
    document.title = waiting > 0 ? `(${waiting}) ${name}` : name;
  }, [title, waiting]);
}

/** A page with its head. */
export function Page({ title, line, actions, children, narrow = false }: PageProps) {
  useTitle(title);
  return (
    <div className={cx("w-full px-4 pt-4 pb-16 md:px-6 md:pt-5", narrow ? "max-w-232" : "mx-auto max-w-360")}>
      <header className="mb-4 flex min-h-8 flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-60">
          <h1 className="font-semibold text-lg tracking-[-0.01em]">{title}</h1>
          {line !== undefined && <p className="mt-0.5 text-n11 text-sm">{line}</p>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** A part of a page with its heading. */
export function Section({
  title,
  side,
  children,
  id,
}: {
  title: ReactNode;
  side?: ReactNode;
  children: ReactNode;
  id?: string;
}) {
  return (
    <section className="mt-7 first:mt-0" aria-labelledby={id}>
      <div className="mb-1 flex min-h-7 items-center gap-3 border-n5 border-b pb-1">
        <h2 id={id} className="font-semibold text-n11 text-sm">
          {title}
        </h2>
        {side !== undefined && <div className="ml-auto flex items-center gap-2">{side}</div>}
      </div>
      {children}
    </section>
  );
}
