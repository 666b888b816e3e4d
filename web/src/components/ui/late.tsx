/** Parts of a page whose code is loaded after it. Layer: components.
 *
 *  Invariant: a part that cannot be loaded, as after an update of the server, takes nothing else of the page with it. */
import { Component, type PointerEvent, type ReactNode, Suspense, useState } from "react";
import { ApiError } from "@/api/errors";
import { toastFailed } from "./toast";

/** Whether an error says that code is not there any more, in the words of the browsers. */
export function isGone(error: unknown): boolean {
  return (
    error instanceof Error && /dynamically imported module|Importing a module script/.test(error.message)
  );
}

interface LateProps {
  /** Stands in its place until it is there, and where it cannot be had. */
  fallback: ReactNode;
  /** Called where it cannot be had. */
  onGone?: () => void;
  children: ReactNode;
}

/** The part. An error that is not about loading goes on to the page. */
export class Late extends Component<LateProps, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidCatch(error: unknown) {
    if (!isGone(error)) return;
    toastFailed(
      new ApiError(
        0,
        "gone",
        "This part of the page did not load",
        "The server was updated, or cannot be reached. Reload the page; drafts are kept.",
      ),
    );
    this.props.onGone?.();
  }

  override render() {
    const { error } = this.state;
    const { fallback, children } = this.props;
    if (error !== null && !isGone(error)) throw error;
    return error === null ? <Suspense fallback={fallback}>{children}</Suspense> : fallback;
  }
}

/** The button of a menu that is loaded after the page. Pressed before that is there, it is open as soon as it is; as menus do,
 *  it counts from the moment it is pressed down, so that no press falls between the two. */
export function useEarly() {
  const [pressed, setPressed] = useState(false);
  const early = {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      // The focus is the menu's.
      event.preventDefault();
      setPressed(true);
    },
    onClick: () => setPressed(true),
    "aria-haspopup": "menu" as const,
  };
  return { pressed, early };
}
