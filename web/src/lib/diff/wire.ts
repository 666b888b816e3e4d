// The wire types that diffs are made of, from the generated document.
import type { components } from "@/api/schema.gen";

export type Diff = components["schemas"]["Diff"];
export type DiffFile = components["schemas"]["DiffFile"];
export type DiffHunk = components["schemas"]["DiffHunk"];
export type DiffLine = components["schemas"]["DiffLine"];
