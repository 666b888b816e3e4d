import { expect, test } from "vitest";
import { unsent } from "./unsent";

test.each([
  ["Thank you", "Thank you", ""],
  ["  Thank you\n", "Thank you", ""],
  ["Thank you. And now", "Thank you", ". And now"],
  ["Thank you\nAnd now", "Thank you", "And now"],
  ["Rather not", "Thank you", "Rather not"],
  ["", "Thank you", ""],
])("of %j nothing is lost once %j was sent", (now, sent, rest) => expect(unsent(now, sent)).toBe(rest));
