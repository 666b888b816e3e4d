/** Where a list that grows at both ends stands. Layer: feature.
 *
 *  Invariants: whoever stands at the end stays at the end; for whoever reads above, nothing moves: neither by what comes
 *  below nor by what is loaded above. Only a person's own scrolling leaves the end. */
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

/** How near to the end counts as the end, in pixels. */
const NEAR = 60;
/** How near to the top asks for what is above. */
const TOP = 800;

export interface Scrolling {
  /** Whether there is more below than is shown. */
  behind: boolean;
  /** Goes to the end and stays there. */
  jump: (go: () => void) => void;
  /** Stays here, whatever comes. */
  stay: () => void;
}

export function useScrolling({
  element,
  size,
  items,
  begin,
  onTop,
}: {
  element: RefObject<HTMLElement | null>;
  /** The height of the list. */
  size: number;
  /** A new one for each change of the list. */
  items: unknown;
  /** Names the first item: smaller when others were put before it. */
  begin: number;
  onTop: () => void;
}): Scrolling {
  const follows = useRef(true);
  const top = useRef(0);
  const before = useRef({ begin, size });
  const [behind, setBehind] = useState(false);
  const wanted = useRef(onTop);
  wanted.current = onTop;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it moves when the list changes, and only then.
  useLayoutEffect(() => {
    const list = element.current;
    if (list === null) return;
    const grownAbove = before.current.begin > 0 && begin < before.current.begin;
    if (follows.current) list.scrollTop = list.scrollHeight;
    // What is below keeps its heights, so that the distance from the end is what stays.
    else if (grownAbove) list.scrollTop += size - before.current.size;
    top.current = list.scrollTop;
    before.current = { begin, size };
    const rest = list.scrollHeight - list.scrollTop - list.clientHeight;
    setBehind(rest >= NEAR);
    if (list.scrollTop < TOP) wanted.current();
  }, [size, items, begin]);
  useEffect(() => {
    const list = element.current;
    if (list === null) return;
    const moved = () => {
      const rest = list.scrollHeight - list.scrollTop - list.clientHeight;
      const up = list.scrollTop < top.current - 2;
      top.current = list.scrollTop;
      if (rest < NEAR) follows.current = true;
      else if (up) follows.current = false;
      setBehind(!follows.current && rest >= NEAR);
      if (list.scrollTop < TOP) wanted.current();
    };
    list.addEventListener("scroll", moved, { passive: true });
    return () => list.removeEventListener("scroll", moved);
  }, [element]);
  return {
    behind,
    jump: (go) => {
      follows.current = true;
      setBehind(false);
      go();
    },
    stay: () => {
      follows.current = false;
    },
  };
}
