/** The palette: sessions and every command, found by words. Layer: app. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Keyboard, Moon, Plus, Sun } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useDeferredValue, useId, useState } from "react";
import { client, take } from "@/api/client";
import { keys } from "@/api/queries";
import { Keys } from "@/components/keys";
import { StatusMark } from "@/components/status";
import { Dialog } from "@/components/ui/dialog";
import { Icon } from "@/components/ui/icon";
import { Words } from "@/components/words";
import { cx } from "@/lib/classes";
import { repositoryName } from "@/lib/format";
import { chooseTheme } from "@/lib/theme";
import { daily, setup } from "./places";

interface Entry {
  id: string;
  name: string;
  show: ReactNode;
  run: () => void;
}

/** The palette. */
export default function Palette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const navigate = useNavigate();
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const wanted = useDeferredValue(words.trim());
  const sessions = useQuery({
    queryKey: [...keys.sessions, "palette", wanted],
    queryFn: ({ signal }) =>
      take(
        client.GET("/api/sessions", {
          params: { query: { limit: 8, ...(wanted !== "" && { q: wanted }) } },
          signal,
        }),
      ),
    placeholderData: (before) => before,
  });
  const command = (name: string, icon: typeof Moon, run: () => void, shortcut?: string): Entry => ({
    id: name,
    name,
    run,
    show: (
      <>
        <Icon of={icon} className="text-n10" />
        <span className="truncate">{name}</span>
        {shortcut !== undefined && <Keys keys={shortcut} className="ml-auto shrink-0" />}
      </>
    ),
  });
  const commands = [
    command("New task", Plus, () => void navigate({ to: "/new" }), "c"),
    ...[...daily, ...setup].map((place) =>
      command(`Go to ${place.name}`, place.icon, () => void navigate({ to: place.to }), place.keys),
    ),
    command("Use the dark theme", Moon, () => chooseTheme("dark")),
    command("Use the light theme", Sun, () => chooseTheme("light")),
    command("Show the keys", Keyboard, onKeys, "?"),
  ].filter((entry) => matches(entry.name, words));
  const found: Entry[] = (sessions.data ?? []).map((session) => ({
    id: session.id,
    name: session.title,
    run: () => void navigate({ to: "/sessions/$sessionId", params: { sessionId: session.id } }),
    show: (
      <>
        <StatusMark status={session.status} bare />
        <span className="truncate">
          <Words text={session.title} />
        </span>
        {session.repo !== null && (
          <span className="ml-auto max-w-40 shrink-0 truncate text-n10 text-xs">
            {repositoryName(session.repo)}
          </span>
        )}
      </>
    ),
  }));
  const all = words.trim() === "" ? [...commands.slice(0, 9), ...found] : [...found, ...commands];
  const active = Math.min(at, Math.max(0, all.length - 1));
  const run = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    onClose();
    entry.run();
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = (active + step + all.length) % Math.max(1, all.length);
      setAt(next);
      document.getElementById(`${list}-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      run(all[active]);
    }
  };
  return (
    <Dialog open onClose={onClose} title="Find a session or a command" bare className="max-w-150">
      <input
        autoFocus
        value={words}
        onChange={(event) => {
          setWords(event.target.value);
          setAt(0);
        }}
        onKeyDown={press}
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={all.length > 0 ? `${list}-${active}` : undefined}
        aria-label="Find a session or a command"
        placeholder="Find a session or a command"
        dir="auto"
        className="sticky top-0 z-10 h-12 w-full border-n5 border-b bg-n2 px-4 text-base outline-none"
      />
      <div role="listbox" id={list} aria-label="Results" className="p-1.5">
        {all.map((entry, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys go to the field, which names the active option.
          // biome-ignore lint/a11y/useFocusableInteractive: likewise.
          <div
            key={entry.id}
            id={`${list}-${place}`}
            role="option"
            aria-selected={place === active}
            onClick={() => run(entry)}
            onPointerMove={() => setAt(place)}
            className={cx(
              "flex h-9 cursor-default items-center gap-2.5 rounded-sm px-2.5",
              place === active && "bg-n4",
            )}
          >
            {entry.show}
          </div>
        ))}
      </div>
      {all.length === 0 && (
        <p className="px-4 pb-4 text-n11" role="status">
          {sessions.isFetching ? "Searching…" : "Nothing has these words."}
        </p>
      )}
    </Dialog>
  );
}

/** Whether every word occurs, whatever its case. */
function matches(name: string, words: string): boolean {
  const low = name.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => low.includes(word));
}
