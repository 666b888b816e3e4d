/** Keeps a virtual list true to where its element stands. The list knows that only from scroll events, which come with the
 *  next frame; what it corrects before that (rows that came in above) it would write over a scroll that it has not heard of
 *  yet, and what is read would move. Layer: feature. */
import { elementScroll, observeElementOffset, type Virtualizer } from "@tanstack/react-virtual";
import { useState } from "react";

type List = Virtualizer<HTMLDivElement, Element>;

/** The two ports of a virtual list to its element. Their order of calls is the list's own, so they belong to one list. */
interface ScrollSync {
  observeElementOffset: typeof observeElementOffset<HTMLDivElement>;
  scrollToFn: typeof elementScroll<HTMLDivElement>;
}

/** What a list hears of its element and writes to it. */
function scrollSync(): ScrollSync {
  /** Where the element stands by what the list has heard and written, in pixels. */
  let known = 0;
  return {
    observeElementOffset: (list: List, tell) => {
      known = list.scrollElement?.scrollTop ?? 0;
      return observeElementOffset(list, (offset, isScrolling) => {
        known = offset;
        tell(offset, isScrolling);
      });
    },
    scrollToFn: (offset, options, list: List) => {
      const box = list.scrollElement;
      // A command names its behaviour and goes to a place; a correction has none and is relative to where it stood.
      const unheard = box === null || options.behavior !== undefined ? 0 : box.scrollTop - known;
      elementScroll(offset + unheard, options, list);
      if (box !== null) known = box.scrollTop - unheard;
    },
  };
}

/** The two ports, for as long as the component lives. */
export const useScrollSync = (): ScrollSync => useState(scrollSync)[0];
