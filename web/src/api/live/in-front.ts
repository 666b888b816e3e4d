/** Whether this tab is looked at. Browsers allow six connections to a server for all tabs together, so a tab in the back lets
 *  go of its streams after a while; it resumes from its cursor and misses nothing. Layer: api. */
import { useEffect, useState } from "react";

const PATIENCE = 20_000;

/** False once the tab has been in the back for a while. */
export function useInFront(): boolean {
  const [front, setFront] = useState(true);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      clearTimeout(timer);
      if (document.visibilityState === "visible") setFront(true);
      else timer = setTimeout(() => setFront(false), PATIENCE);
    };
    document.addEventListener("visibilitychange", look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  return front;
}
