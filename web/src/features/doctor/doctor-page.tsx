/** What works on the server's host, and what to do about the rest. Layer: feature. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, CircleDashed, CircleX, ShieldCheck, TriangleAlert } from "lucide-react";
import { client, take, type Wire } from "@/api/client";
import { doctorQuery, keys } from "@/api/queries";
import { CopyButton } from "@/components/copy";
import { Page, Section } from "@/components/page";
import { Button, ButtonLink } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { RowsSkeleton } from "@/components/ui/skeleton";
import { QueryView } from "@/components/ui/states";
import { toastFailed } from "@/components/ui/toast";
import { Words } from "@/components/words";
import { cx } from "@/lib/classes";
import { count, sentence } from "@/lib/format";
import { properName } from "@/lib/names";

type Finding = Wire<"Finding">;

const looks = {
  ok: { icon: CircleCheck, color: "text-done", word: "Works" },
  warning: { icon: TriangleAlert, color: "text-wait", word: "Warning" },
  failed: { icon: CircleX, color: "text-fail", word: "Fails" },
} as const;

/** The page. */
export function DoctorPage() {
  const queries = useQueryClient();
  const doctor = useQuery(doctorQuery);
  const prove = useMutation({
    mutationFn: () => take(client.GET("/api/doctor", { params: { query: { prove: "1" } } })),
    onSuccess: (findings) => queries.setQueryData(keys.doctor, findings),
    onError: toastFailed,
  });
  const wrong = doctor.data?.filter((finding) => finding.state !== "ok").length ?? 0;
  const line =
    doctor.data === undefined
      ? "Looking at the server's host…"
      : wrong === 0
        ? "Everything works."
        : `${count(wrong, "thing")} to look at.`;
  return (
    <Page
      title="Doctor"
      line={line}
      actions={
        <>
          <Button onClick={() => void doctor.refetch()} busy={doctor.isFetching && !prove.isPending}>
            Look again
          </Button>
          <Button
            onClick={() => prove.mutate()}
            busy={prove.isPending}
            title="Tries each way out of a sandbox on this host"
          >
            <Icon of={ShieldCheck} />
            Prove the isolation
          </Button>
        </>
      }
    >
      <QueryView query={doctor} skeleton={<RowsSkeleton rows={9} label="Looking at the server's host" />}>
        {(findings) => {
          const bad = findings.filter((finding) => finding.state !== "ok");
          const good = findings.filter((finding) => finding.state === "ok" && !isAbsent(finding));
          const absent = findings.filter(isAbsent);
          return (
            <>
              {bad.length > 0 && <Findings id="to-do" title="To look at" findings={bad} />}
              {good.length > 0 && <Findings id="works" title="In order" findings={good} />}
              {absent.length > 0 && (
                <Findings id="absent" title="Not there, and not needed" findings={absent} />
              )}
            </>
          );
        }}
      </QueryView>
    </Page>
  );
}

/** `model openai` → `Model OpenAI`; agents are called as in commands. */
const subjectOf = ({ subject }: Finding) =>
  sentence(subject.replace(/^(model|forge) (\w+)$/, (_, kind, name) => `${kind} ${properName(name)}`));

/** What is not there, and need not be, is neither good nor bad. */
const isAbsent = ({ state, detail }: Finding) => state === "ok" && detail === "not installed";

function Findings({ id, title, findings }: { id: string; title: string; findings: Finding[] }) {
  return (
    <Section id={id} title={title}>
      <ul>
        {findings.map((finding, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a subject may have several findings; they come in one order.
          <Row key={`${finding.subject}-${place}`} finding={finding} />
        ))}
      </ul>
    </Section>
  );
}

function Row({ finding }: { finding: Finding }) {
  const look = isAbsent(finding)
    ? { icon: CircleDashed, color: "text-n10", word: "Not there" }
    : looks[finding.state];
  const todo = finding.state !== "ok";
  const aboutKey = todo && finding.subject.startsWith("model ");
  return (
    <li className="flex flex-wrap gap-x-3 gap-y-2 border-n5 border-b py-2 md:flex-nowrap">
      <Icon of={look.icon} className={`mt-0.5 ${look.color}`} />
      <div className={cx("min-w-0 flex-1 basis-60", !todo && "md:flex md:gap-4")}>
        <h3 className="w-44 shrink-0 font-medium text-sm">
          {subjectOf(finding)}
          <span className="sr-only">: {look.word}</span>
        </h3>
        <p className="max-w-[90ch] break-words text-n11" dir="auto">
          {sentence(finding.detail)}
        </p>
        {todo && finding.remedy !== null && (
          <p className="mt-1 max-w-[90ch] break-words" dir="auto">
            <Words text={sentence(finding.remedy)} />
          </p>
        )}
      </div>
      {todo && (
        <div className="pl-7 md:pl-0">
          {aboutKey ? (
            <ButtonLink to="/settings" size="small">
              Set the key here
            </ButtonLink>
          ) : (
            <CopyCommand remedy={finding.remedy} />
          )}
        </div>
      )}
    </li>
  );
}

/** Copies the command that a remedy names; nothing where it names none. */
function CopyCommand({ remedy }: { remedy: string | null }) {
  const command = /`([^`]+)`/.exec(remedy ?? "")?.[1];
  if (command === undefined) return null;
  return <CopyButton text={command} what="Copy the command" />;
}
