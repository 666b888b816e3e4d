/** Chooses a repository: one that was used before, `owner/name`, an address, or a path of the server's host. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { ChevronDown, FolderGit2 } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { defaultsQuery, repositoriesQuery } from "@/api/queries";
import { buttonClass } from "@/components/ui/button";
import { inputClass } from "@/components/ui/field";
import { Icon } from "@/components/ui/icon";
import { Popover } from "@/components/ui/popover";
import { cx } from "@/lib/classes";
import { count, repositoryName } from "@/lib/format";
import { shownOnOneLine } from "@/lib/text/harmless";

/** The choice. */
export function RepositoryChoice({ value, onChoose }: { value: string; onChoose: (repo: string) => void }) {
  const [open, setOpen] = useState(false);
  const [words, setWords] = useState("");
  const known = useQuery(repositoriesQuery);
  const defaults = useQuery(defaultsQuery);
  const wanted = words.trim().toLowerCase();
  const found = (known.data ?? []).filter((each) => each.repo.toLowerCase().includes(wanted)).slice(0, 50);
  const choose = (repo: string) => {
    onChoose(repo);
    setOpen(false);
    setWords("");
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
    event.preventDefault();
    if (words.trim() !== "") choose(words.trim());
  };
  return (
    <Popover
      open={open}
      onOpen={setOpen}
      label="Choose a repository"
      trigger={
        <button type="button" className={buttonClass("plain", "medium", "max-w-full gap-1.5 px-2.5")}>
          <Icon of={FolderGit2} className="text-n10" />
          <span className="sr-only">Repository: </span>
          <span className="truncate">{value === "" ? "No repository" : repositoryName(value)}</span>
          <Icon of={ChevronDown} className="text-n10" />
        </button>
      }
    >
      <div className="border-n5 border-b p-2">
        <input
          className={cx(inputClass, "font-mono")}
          value={words}
          onChange={(event) => setWords(event.target.value)}
          onKeyDown={press}
          placeholder={
            defaults.data?.localPaths === false
              ? "owner/name or https://…"
              : "owner/name, https://… or /a/path"
          }
          aria-label="Find or name a repository"
          spellCheck={false}
          autoComplete="off"
          maxLength={1000}
        />
      </div>
      <div className="overflow-y-auto p-1">
        {words.trim() !== "" && !found.some((each) => each.repo === words.trim()) && (
          <Row onClick={() => choose(words.trim())} name={`Use ${words.trim()}`} />
        )}
        {found.map((each) => (
          <Row
            key={each.repo}
            onClick={() => choose(each.repo)}
            name={repositoryName(each.repo)}
            about={`${shownOnOneLine(each.repo)} · ${count(each.sessions, "session")}`}
            chosen={each.repo === value}
          />
        ))}
        {words.trim() === "" && (
          <Row
            onClick={() => choose("")}
            name="No repository"
            about="Works in an empty workspace"
            chosen={value === ""}
          />
        )}
        {known.isPending && (
          <p className="px-2 py-2 text-n10 text-xs">Looking for those that were used before…</p>
        )}
      </div>
    </Popover>
  );
}

function Row({
  name,
  about,
  onClick,
  chosen = false,
}: {
  name: string;
  about?: string;
  onClick: () => void;
  chosen?: boolean;
}) {
  return (
    <button
      type="button"
      onClick={onClick}
      aria-pressed={chosen}
      className="block w-full rounded-sm px-2 py-1.5 text-left hover:bg-n4 focus-visible:bg-n4 aria-pressed:bg-n3"
    >
      <span className="block truncate font-medium">{name}</span>
      {about !== undefined && (
        <span className="block truncate text-n11 text-xs" dir="ltr">
          {about}
        </span>
      )}
    </button>
  );
}
