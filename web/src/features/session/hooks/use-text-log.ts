/** The whole log as text; what is not loaded yet is loaded for it. Layer: feature. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { wholeLog } from "@/api/live/session-events";
import { toastFailed } from "@/components/ui/toast";
import { asText } from "../timeline/as-text";
import { Timeline } from "../timeline/fold";

/** The text, and what saves it as a file. */
export function useTextLog(id: string) {
  const queries = useQueryClient();
  const text = async () => {
    const timeline = new Timeline();
    timeline.take(await wholeLog(queries, id));
    return asText(timeline.items);
  };
  const save = useMutation({
    mutationFn: async () => {
      const url = URL.createObjectURL(new Blob([await text()], { type: "text/plain" }));
      const link = Object.assign(document.createElement("a"), { href: url, download: `${id}.log` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    },
    onError: toastFailed,
  });
  return { text, save };
}
