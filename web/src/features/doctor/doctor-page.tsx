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
          const good = findings.filter((finding) => finding.state === "ok");
          return (
            <>
              {bad.length > 0 && <Findings id="to-do" title="To look at" findings={bad} />}
              {good.length > 0 && <Findings id="works" title="In order" findings={good} />}
            </>
          );
        }}
      </QueryView>
    </Page>
  );
}

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
  // What is not there, and need not be, is neither good nor bad.
  const absent = finding.state === "ok" && finding.detail === "not installed";
  const look = absent ? { icon: CircleDashed, color: "text-n10", word: "Not there" } : looks[finding.state];
  return (
    <li className="flex gap-3 border-n5 border-b py-2">
      <Icon of={look.icon} className={`mt-0.5 ${look.color}`} />
      <div className={cx("min-w-0 flex-1", finding.state === "ok" && "md:flex md:gap-4")}>
        <h3 className="w-44 shrink-0 font-medium text-sm">
          {sentence(finding.subject)}
          <span className="sr-only">: {look.word}</span>
        </h3>
        <p className="max-w-[90ch] text-n11" dir="auto">
          {sentence(finding.detail)}
        </p>
        {finding.remedy !== null && finding.state !== "ok" && <Remedy text={finding.remedy} />}
        {finding.state !== "ok" && finding.subject.startsWith("model ") && (
          <ButtonLink to="/settings" size="small" className="mt-2">
            Set the key here
          </ButtonLink>
        )}
      </div>
    </li>
  );
}

function Remedy({ text }: { text: string }) {
  return (
    <div className="mt-1.5 flex max-w-[90ch] flex-wrap items-center gap-2 rounded-md border border-n5 bg-n2 py-1 pr-1 pl-3">
      <p className="min-w-0 flex-1 break-words">
        <Words text={sentence(text)} />
      </p>
      <CopyButton text={text} what="Copy" />
    </div>
  );
}
