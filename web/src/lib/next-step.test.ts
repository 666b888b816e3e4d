import { expect, test } from "vitest";
import { nextStep } from "./next-step";

test("each failure has a next step", () => {
  expect(nextStep({ failureKind: "timeout", error: null }).to).toBe("rerun");
  expect(nextStep({ failureKind: "setup_error", error: "OPENAI_API_KEY is not set" }).to).toBe("/settings");
  expect(nextStep({ failureKind: "setup_error", error: "agent `goose` is not installed" }).to).toBe(
    "/agents",
  );
  expect(nextStep({ failureKind: "setup_error", error: "there is no folder /srv/x" }).to).toBe("rerun");
  expect(nextStep({ failureKind: null, error: null }).to).toBe("rerun");
});
