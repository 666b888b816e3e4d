/** The sessions that work right now. Layer: feature. */
import { useQuery } from "@tanstack/react-query";
import { client, take, type Wire } from "@/api/client";
import { keys } from "@/api/queries";
import { Section } from "@/components/page";
import { SessionLink } from "@/components/session-link";
import { StatusMark } from "@/components/status";
import { Lasting } from "@/components/time";
import { repositoryName } from "@/lib/format";

const MOST = 20;

/** Sessions at work, newest first; those that wait for an answer stand in their own group. */
export function useAtWork(): Wire<"Session">[] {
  const { data = [] } = useQuery({
    queryKey: [...keys.sessions, "at-work"],
    queryFn: ({ signal }) =>
      take(client.GET("/api/sessions", { params: { query: { status: "active", limit: MOST } }, signal })),
  });
  return data.filter(({ status }) => status === "pending" || status === "preparing" || status === "running");
}

/** The group. */
export function AtWork({ sessions }: { sessions: Wire<"Session">[] }) {
  if (sessions.length === 0) return null;
  return (
    <Section id="at-work" title="At work">
      <ul>
        {sessions.map((session) => (
          <li
            key={session.id}
            className="flex h-11 animate-arrive md:h-9 items-center gap-3 border-n5 border-b"
          >
            <StatusMark status={session.status} bare />
            <SessionLink session={session} className="min-w-0 flex-1 truncate hover:underline" />
            <span className="flex items-center gap-3 text-n11 text-xs">
              {session.repo !== null && (
                <span className="hidden max-w-44 truncate md:inline">{repositoryName(session.repo)}</span>
              )}
              <span className="hidden md:inline">{session.agent}</span>
              <Lasting
                from={session.startedAt ?? session.createdAt}
                className="tabular w-16 text-right md:mr-10"
              />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
