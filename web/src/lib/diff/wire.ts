/** The wire types that diffs are made of. Layer: lib. */
import type { Wire } from "@/api/client";

export type Diff = Wire<"Diff">;
export type DiffFile = Wire<"DiffFile">;
export type DiffHunk = Wire<"DiffHunk">;
export type DiffLine = Wire<"DiffLine">;
