/** Follows one piece of work that the server tells about while it goes on: lines, then its end. Layer: api. */
import { signedOut } from "../access";
import { ApiError, readError } from "../errors";
import { FrameReader } from "./frames";

/** Starts the work. `line` is told each line; what it made is given back. */
export async function withProgress<Made>(
  path: string,
  line: (text: string) => void,
  signal: AbortSignal,
): Promise<Made> {
  const response = await fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { accept: "text/event-stream", "content-type": "application/json", "x-telecoder": "web" },
    body: "{}",
    signal,
  });
  if (!response.ok || response.body === null) {
    if (response.status === 401) signedOut();
    throw readError(response.status, await response.json().catch(() => null));
  }
  const reader = new FrameReader();
  const text = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await text.read();
    if (done) throw new ApiError(0, "interrupted", "The connection was lost before the end", "Try again.");
    for (const frame of reader.push(value)) {
      if (frame.kind === "comment") continue;
      const told: unknown = JSON.parse(frame.data);
      if (frame.event === "progress") line(String((told as { line?: unknown }).line ?? ""));
      else if (frame.event === "done") return told as Made;
      else if (frame.event === "failed") throw readError(422, told);
    }
  }
}
