/** Installs an agent and keeps what the install says. Layer: feature. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Wire } from "@/api/client";
import { withProgress } from "@/api/live/progress";
import { keys } from "@/api/queries";
import { toastDone } from "@/components/ui/toast";

/** Lines that are kept. */
const MOST = 200;

export interface Install {
  state: "none" | "running" | "failed";
  lines: string[];
  error: unknown;
  start: () => void;
  cancel: () => void;
}

/** An install of one agent. Leaving the page ends it: the server keeps no half. */
export function useInstall(name: string): Install {
  const queries = useQueryClient();
  const [state, setState] = useState<Install["state"]>("none");
  const [lines, setLines] = useState<string[]>([]);
  const [error, setError] = useState<unknown>(null);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const start = async () => {
    const mine = new AbortController();
    abort.current = mine;
    setState("running");
    setLines([]);
    try {
      await withProgress<Wire<"Agent">>(
        `/api/agents/${encodeURIComponent(name)}/install`,
        (line) => setLines((before) => [...before, line].slice(-MOST)),
        mine.signal,
      );
      setState("none");
      toastDone(`Installed ${name}`);
    } catch (problem) {
      if (mine.signal.aborted) return;
      setError(problem);
      setState("failed");
    } finally {
      void queries.invalidateQueries({ queryKey: keys.agents });
      void queries.invalidateQueries({ queryKey: keys.defaults });
    }
  };
  return {
    state,
    lines,
    error,
    start: () => void start(),
    cancel: () => {
      abort.current?.abort();
      setState("none");
    },
  };
}
