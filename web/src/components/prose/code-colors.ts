/** The colours of code, by what a piece of it is. Layer: components. */

const colors: Record<string, string> = {
  keyword: "text-code-keyword",
  built_in: "text-code-keyword",
  type: "text-code-keyword",
  literal: "text-code-number",
  number: "text-code-number",
  string: "text-code-string",
  regexp: "text-code-string",
  comment: "text-code-comment",
  quote: "text-code-comment",
  title: "text-code-title",
  section: "text-code-title",
  attr: "text-code-keyword",
  name: "text-code-keyword",
  meta: "text-code-comment",
  addition: "text-diff-add-text",
  deletion: "text-diff-del-text",
};

/** The class of a scope like `title.function`; empty where it has no colour of its own. */
export const colorOf = (scope: string): string => colors[scope] ?? colors[scope.split(".")[0] ?? ""] ?? "";
