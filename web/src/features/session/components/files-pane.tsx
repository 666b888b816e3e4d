/** The files of the workspace, as of the last snapshot. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { File, Folder, Link2 } from "lucide-react";
import { useState } from "react";
import type { Wire } from "@/api/client";
import { filesQuery } from "@/api/queries";
import { Code } from "@/components/prose/code";
import { Icon } from "@/components/ui/icon";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { QueryView } from "@/components/ui/states";
import { bytes } from "@/lib/format";
import { shownOnOneLine } from "@/lib/text/harmless";

/** The pane. */
export function FilesPane({ session }: { session: Wire<"Session"> }) {
  const [path, setPath] = useState("");
  const files = useQuery(filesQuery(session.id, path, session.headSha ?? ""));
  const parts = path === "" ? [] : path.split("/");
  return (
    <div className="min-h-0 flex-1 overflow-auto px-4 py-2">
      <nav aria-label="Path" className="flex flex-wrap items-center gap-1 py-1 font-mono text-xs" dir="ltr">
        <button type="button" className="text-accent-text hover:underline" onClick={() => setPath("")}>
          {shownOnOneLine(session.repo?.split("/").at(-1) ?? "workspace")}
        </button>
        {parts.map((part, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a path do not move.
          <span key={at}>
            /{" "}
            <button
              type="button"
              className="text-accent-text hover:underline"
              onClick={() => setPath(parts.slice(0, at + 1).join("/"))}
            >
              {shownOnOneLine(part)}
            </button>
          </span>
        ))}
      </nav>
      <QueryView query={files} skeleton={<RowsSkeleton rows={8} label="Loading the files" />}>
        {(found) =>
          found.kind === "folder" ? <Entries found={found} onGo={setPath} /> : <Content found={found} />
        }
      </QueryView>
    </div>
  );
}

function Entries({ found, onGo }: { found: Wire<"FileView">; onGo: (path: string) => void }) {
  if (found.entries.length === 0) return <p className="py-4 text-n11">Nothing is in here.</p>;
  return (
    <ul>
      {found.entries.map((entry) => (
        <li key={entry.path} className="border-n5 border-b">
          <button
            type="button"
            data-row
            disabled={entry.kind === "submodule"}
            onClick={() => onGo(entry.path)}
            className="flex min-h-8 w-full items-center gap-2 text-left hover:bg-n2"
          >
            <Icon
              of={entry.kind === "folder" ? Folder : entry.kind === "link" ? Link2 : File}
              className="text-n10"
            />
            <span className="min-w-0 flex-1 truncate font-mono text-xs" dir="ltr">
              {shownOnOneLine(entry.name)}
            </span>
            {entry.size != null && <span className="tabular text-n10 text-xs">{bytes(entry.size)}</span>}
          </button>
        </li>
      ))}
      {found.truncated && (
        <li className="py-2 text-n11 text-xs">
          {found.entries.length} of {found.total} are shown.
        </li>
      )}
    </ul>
  );
}

function Content({ found }: { found: Wire<"FileView"> }) {
  if (found.kind === "link") return <p className="py-4">Leads to {shownOnOneLine(found.text ?? "")}.</p>;
  if (found.text == null)
    return <p className="py-4 text-n11">A binary file{found.size != null && ` of ${bytes(found.size)}`}.</p>;
  return (
    <>
      {found.truncated && <p className="py-1 text-n11 text-xs">Only the beginning is shown.</p>}
      <Code text={found.text} language={found.path.slice(found.path.lastIndexOf(".") + 1)} plain />
    </>
  );
}
