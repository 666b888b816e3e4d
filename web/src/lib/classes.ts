/** Joins class names. Layer: lib. */

/** Joins those that are there with spaces. */
export function cx(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(" ");
}
