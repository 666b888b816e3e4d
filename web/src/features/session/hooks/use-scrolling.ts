/** Where a list that grows at both ends stands. Layer: feature. The list itself keeps its place (`anchorTo: "end"`): whoever
 *  stands at the end stays there, and nothing moves for whoever reads above. This adds what it cannot know: that somebody who
 *  opens something at the end wants to read it, that there is more below, and that more is wanted above. */
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

/** How near to the end counts as the end, in pixels. */
export const NEAR = 60;
/** How near to the top asks for what is above. */
const TOP = 800;

export interface Scrolling {
  /** Whether there is more below than is shown. */
  behind: boolean;
  /** Whether it stays where it is, although it is at the end. */
  stays: boolean;
  /** Makes it stay, until the end is gone to again. */
  stay: () => void;
  /** Lets it follow the end again. */
  follow: () => void;
  /** To be told of each change of place or height. */
  look: () => void;
}

/** Watches an element that scrolls. `onTop` is told when what is above comes near. */
export function useScrolling(element: RefObject<HTMLElement | null>, onTop: () => void): Scrolling {
  const [behind, setBehind] = useState(false);
  const [stays, setStays] = useState(false);
  const wanted = useRef(onTop);
  wanted.current = onTop;
  const look = useCallback(() => {
    const box = element.current;
    if (box === null) return;
    const far = box.scrollHeight - box.scrollTop - box.clientHeight >= NEAR;
    setBehind(far);
    // Away from the end, nothing follows anyway.
    if (far) setStays(false);
    if (box.scrollTop < TOP) wanted.current();
  }, [element]);
  useLayoutEffect(() => {
    const box = element.current;
    box?.addEventListener("scroll", look, { passive: true });
    return () => box?.removeEventListener("scroll", look);
  }, [element, look]);
  return { behind, stays, stay: () => setStays(true), follow: () => setStays(false), look };
}
