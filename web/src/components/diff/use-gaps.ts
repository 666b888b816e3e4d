/** The unchanged lines of a diff that somebody opened. Layer: components. */
import { useState } from "react";
import { toastFailed } from "@/components/ui/toast";
import type { GapRow } from "@/lib/diff/rows";
import type { DiffFile } from "@/lib/diff/wire";
import { linesOf } from "@/lib/text/cut";

/** Gives the text of a file as it is after the change; `null` where it cannot be shown. */
export type LoadText = (path: string) => Promise<string | null>;

type Opened = ReadonlyMap<string, readonly string[]>;

const name = (file: DiffFile, hunk: number) => `${hunk}/${file.path}`;

/** Opened gaps of these files, and what opens one. Another change begins with all of them closed. */
export function useGaps(files: readonly DiffFile[], load: LoadText | undefined) {
  const [state, setState] = useState<{ of: readonly DiffFile[]; opened: Opened }>({
    of: files,
    opened: new Map(),
  });
  const opened: Opened = state.of === files ? state.opened : new Map();
  const open = async (gap: GapRow): Promise<boolean> => {
    const file = files[gap.file];
    if (load === undefined || file === undefined) return false;
    try {
      const text = await load(file.path);
      if (text === null)
        throw new Error("This file cannot be shown. `telecoder diff` gives the whole patch.");
      const from = gap.from - 1;
      const lines = linesOf(text).slice(from, gap.hidden === null ? undefined : from + gap.hidden);
      if (gap.hidden !== null && lines.length < gap.hidden)
        throw new Error("The file is too long to show these lines here.");
      setState((before) => ({
        of: files,
        opened: new Map([...(before.of === files ? before.opened : []), [name(file, gap.hunk), lines]]),
      }));
      return lines.length > 0;
    } catch (error) {
      toastFailed(error);
      return false;
    }
  };
  const linesAt = (file: number, hunk: number) => {
    const at = files[file];
    return at && opened.get(name(at, hunk));
  };
  return { opened, open, linesAt };
}
