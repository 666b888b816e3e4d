/** Where a sign-in may lead. Pure. Layer: feature. */

/** A path of this site; anything that could lead to another becomes the inbox. */
export function safePlace(to: string | undefined): string {
  if (to === undefined || !/^\/(?![/\\])/.test(to)) return "/";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a browser drops tabs and line ends inside an address.
  return /[\u0000-\u0020\\]/.test(to) ? "/" : to;
}
