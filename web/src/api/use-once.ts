/** Requests that create, sent again where the answer was lost, and done once. Layer: api. */
import { useRef } from "react";
import { unique } from "@/lib/unique";

interface Once {
  /** The header of a request with this body: the same key until it has succeeded, or something else is sent. */
  header: (body: unknown) => { "Idempotency-Key": string };
  /** It has succeeded: the next request is another one, even with the same body. */
  done: () => void;
}

/** Keeps the key of what is being sent. */
export function useOnce(): Once {
  const kept = useRef({ body: "", key: "" });
  return {
    header: (body) => {
      const text = JSON.stringify(body);
      if (kept.current.key === "" || kept.current.body !== text) kept.current = { body: text, key: unique() };
      return { "Idempotency-Key": kept.current.key };
    },
    done: () => {
      kept.current = { body: "", key: "" };
    },
  };
}
