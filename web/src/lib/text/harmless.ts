/** Foreign text made harmless (layer: lib, pure). Everything that an agent, a repository or a forge wrote goes through
 *  `shown` before it is rendered.
 *
 *  Invariants: the result holds no control character but newline and tab, nothing that reverses or hides text, and no
 *  half character; what would be invisible is named (⟦U+202E⟧) instead of dropped, so that nobody is fooled by what they see.
 *  Terminal sequences are the one thing that is dropped: they are layout, and the words between them stay. */

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: finding control characters is this file's purpose
const COULD_HARM =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e01ef}\p{Cs}]/u;

// Each has a bound or a closed alphabet, so that none runs for longer than its text: CSI; OSC, DCS, PM, APC and SOS strings
// that end; other escapes. A string that does not end is not dropped with all that follows: its ESC is shown.
const TERMINAL =
  /(?:\u001b\[|\u009b)[0-?]{0,64}[ -/]{0,8}[@-~]|\u001b[\]PX^_][^\u0007\u001b\n]{0,4096}(?:\u0007|\u001b\\)|\u001b[ -/]{1,2}[0-~]|\u001b[0-OQ-WYZ\\`-~]/g;

const CONTROL =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e01ef}\p{Cs}]/gu;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: as above

/** Text that can be rendered: without terminal sequences, with every invisible or reversing character named. */
export function shown(text: string): string {
  if (!COULD_HARM.test(text)) return text;
  return text.replace(/\r\n/g, "\n").replace(TERMINAL, "").replace(/\r/g, "\n").replace(CONTROL, named);
}

/** Like `shown`, on one line: for titles, paths and file names. */
export function shownOnOneLine(text: string): string {
  return shown(text).replace(/[\n\t]+/g, (gap) => (gap.includes("\n") ? " ⏎ " : " "));
}

function named(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  if (code >= 0xd800 && code <= 0xdfff) return "\ufffd";
  if (code === 0x2028 || code === 0x2029) return "\n";
  return `⟦U+${code.toString(16).toUpperCase().padStart(4, "0")}⟧`;
}

/** Whether a text holds characters that reverse or hide other text; code with them deserves a warning. */
export function deceives(text: string): boolean {
  return /[\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\u{e0000}-\u{e01ef}]/u.test(text);
}
