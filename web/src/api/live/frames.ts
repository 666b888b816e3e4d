/** Reads server-sent events from text in any pieces. Pure. Layer: api. */

/** What a stream says: an event, or a comment. */
export type Frame =
  | { kind: "event"; id: string | null; event: string; data: string }
  | { kind: "comment"; text: string };

/** The longest line that is kept, in characters; what is longer is no event of ours. */
const MAX_LINE = 32 << 20;

/** Joins pieces to lines and lines to frames. */
export class FrameReader {
  private rest = "";
  private id: string | null = null;
  private event = "";
  private lines: string[] = [];

  /** Takes the next piece and gives the frames that it completes. */
  push(piece: string): Frame[] {
    const frames: Frame[] = [];
    const text = this.rest + piece;
    let from = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
      const line = text.slice(from, text[end - 1] === "\r" ? end - 1 : end);
      from = end + 1;
      this.line(line, frames);
    }
    this.rest = text.slice(from);
    if (this.rest.length > MAX_LINE) throw new Error("a line of the stream is too long");
    return frames;
  }

  private line(line: string, frames: Frame[]): void {
    if (line === "") {
      if (this.lines.length > 0) {
        frames.push({
          kind: "event",
          id: this.id,
          event: this.event || "message",
          data: this.lines.join("\n"),
        });
      }
      this.id = null;
      this.event = "";
      this.lines = [];
      return;
    }
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (colon === 0) frames.push({ kind: "comment", text: value });
    else if (name === "data") this.lines.push(value);
    else if (name === "event") this.event = value;
    else if (name === "id" && !value.includes("\0")) this.id = value;
  }
}
