/** Two panes with a border that can be moved, by pointer and by keys. Layer: components. */
import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef } from "react";
import { useKept } from "@/lib/storage";

const LEAST = 25;
const MOST = 75;
const STEP = 3;

/** The panes. `name` keeps where the border stands; `share` is how much the left one gets at first, in percent. */
export function Split({
  name,
  label,
  share,
  left,
  right,
}: {
  name: string;
  /** What the border is called. */
  label: string;
  share: number;
  left: ReactNode;
  right: ReactNode;
}) {
  const [at, setAt] = useKept(`split.${name}`, share);
  const around = useRef<HTMLDivElement>(null);
  const move = (next: number) => setAt(Math.round(Math.min(MOST, Math.max(LEAST, next)) * 10) / 10);
  const press = (event: KeyboardEvent) => {
    const to = { ArrowLeft: at - STEP, ArrowRight: at + STEP, Home: LEAST, End: MOST }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
  };
  const drag = (event: PointerEvent<HTMLElement>) => {
    const place = around.current?.getBoundingClientRect();
    if (place === undefined || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
    move(((event.clientX - place.left) / place.width) * 100);
  };
  return (
    <div
      ref={around}
      className="grid min-h-0 min-w-0 flex-1"
      style={{ gridTemplateColumns: `minmax(0, ${at}fr) 1px minmax(0, ${100 - at}fr)` }}
    >
      {left}
      {/* biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved. */}
      <div
        role="separator"
        aria-orientation="vertical"
        aria-label={label}
        aria-valuenow={Math.round(at)}
        aria-valuemin={LEAST}
        aria-valuemax={MOST}
        tabIndex={0}
        title="Drag, or use the arrow keys; double-click for the middle"
        onKeyDown={press}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
        onDoubleClick={() => setAt(null)}
        className="relative z-10 cursor-col-resize touch-none bg-n5 outline-offset-0 before:absolute before:inset-y-0 before:-inset-x-1 hover:bg-n8 active:bg-accent"
      />
      {right}
    </div>
  );
}
