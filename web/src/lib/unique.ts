/** Names that nobody else has. Layer: lib. */

/** A random name of 128 bits; also on pages that are not served over TLS. */
export function unique(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
