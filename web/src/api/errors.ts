/** What goes wrong between this page and the server, in one shape. Layer: api. */
import { sentence } from "@/lib/format";

/** A request that failed. `status` is 0 where no answer came. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint?: string,
    readonly requestId?: string,
  ) {
    super(message);
  }
}

/** The error for a server that does not answer. */
export function unreachable(): ApiError {
  return new ApiError(
    0,
    "unreachable",
    "The server does not answer",
    "Look whether it runs: telecoder serve. What is on this page stays.",
  );
}

/** Whatever was thrown, as an `ApiError`. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof TypeError) return unreachable();
  return new ApiError(0, "unexpected", error instanceof Error ? error.message : String(error));
}

/** Reads the body of an answer that is an error; a proxy's page of HTML is one without words. */
export function readError(status: number, body: unknown): ApiError {
  if (typeof body === "object" && body !== null && "error" in body && "code" in body) {
    const { error, code, hint, requestId } = body as Record<string, unknown>;
    return new ApiError(
      status,
      String(code),
      sentence(String(error)),
      typeof hint === "string" ? sentence(hint) : undefined,
      typeof requestId === "string" ? requestId : undefined,
    );
  }
  if (status >= 500)
    return new ApiError(status, "unavailable", "The server is not well", "Try again in a moment.");
  return new ApiError(status, "refused", `The server refused the request (${status})`);
}
