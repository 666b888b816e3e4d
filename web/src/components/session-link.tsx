/** A session by its title, as a row that keys go through. Layer: components. */
import { Link } from "@tanstack/react-router";
import type { Wire } from "@/api/client";
import { Words } from "./words";

/** The link; `words` stand in the title's place. */
export function SessionLink({
  session,
  words = session.title,
  className,
}: {
  session: Pick<Wire<"Session">, "id" | "title">;
  words?: string;
  className: string;
}) {
  return (
    <Link to="/sessions/$sessionId" params={{ sessionId: session.id }} data-row className={className}>
      <Words text={words} />
    </Link>
  );
}
