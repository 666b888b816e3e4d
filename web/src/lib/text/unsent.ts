/** What remains of a text once a part of it was sent. Layer: lib. */

/** What was typed behind `sent` while it was under way; all of it, where it was rewritten meanwhile. `sent` has no white space
 *  around it. */
export function unsent(now: string, sent: string): string {
  const words = now.trimStart();
  return words.startsWith(sent) ? words.slice(sent.length).trimStart() : now;
}
