/** The colours of a diff's code, for all lines below. What reads code is loaded after the lines are there. Layer: components. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { Paint, type Read, type Span } from "@/lib/diff/paint";
import type { DiffFile } from "@/lib/diff/wire";

/** A line of a diff by its place. */
export interface LinePlace {
  hunk: number;
  side: "old" | "new";
  number: number;
}

type Spans = (place: LinePlace, text: string) => readonly Span[];

const NONE: readonly Span[] = [];
const FilePaint = createContext<Spans>(() => NONE);

let reader: Read | null = null;

/** What reads code, once it is there. */
function useReader(): Read | null {
  const [read, setRead] = useState<{ code: Read } | null>(() => reader && { code: reader });
  useEffect(() => {
    if (read !== null) return;
    let here = true;
    void import("@/components/prose/highlight").then(
      ({ pieces }) => {
        reader = pieces;
        if (here) setRead({ code: pieces });
      },
      // Without colours the lines are as true.
      () => {},
    );
    return () => {
      here = false;
    };
  }, [read]);
  return read?.code ?? null;
}

/** Gives what colours a diff, as long as the component is there. */
export function usePaint(): Paint | null {
  const read = useReader();
  return useMemo(() => read && new Paint(read), [read]);
}

/** Colours the lines of one file. */
export function PaintedFile({
  paint,
  file,
  children,
}: {
  paint: Paint | null;
  file: DiffFile;
  children: ReactNode;
}) {
  const spans = useMemo<Spans>(
    () => (place, text) => paint?.spans(file, place.hunk, place.side, place.number, text) ?? NONE,
    [paint, file],
  );
  return <FilePaint.Provider value={spans}>{children}</FilePaint.Provider>;
}

/** The colours of a line. */
export function useSpans(place: LinePlace, text: string): readonly Span[] {
  return useContext(FilePaint)(place, text);
}
