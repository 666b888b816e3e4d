/** Colours of code, loaded when the first code is shown. Layer: components. Gives pieces of text, never HTML. */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import type { Piece } from "@/lib/diff/paint";

const all = { bash, c, css, diff, go, ini, java, json, python, ruby, rust, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(all)) hljs.registerLanguage(name, language);
hljs.registerAliases(["js", "jsx", "javascript", "tsx", "mjs"], { languageName: "typescript" });
hljs.registerAliases(["cpp", "h", "hpp", "cc"], { languageName: "c" });

interface Node {
  scope?: string;
  children?: (Node | string)[];
}

/** The pieces; `null` where the language is not known. */
export function pieces(text: string, language: string): Piece[] | null {
  if (!hljs.getLanguage(language)) return null;
  const result = hljs.highlight(text, { language, ignoreIllegals: true });
  const root = (result as unknown as { _emitter: { rootNode: Node } })._emitter.rootNode;
  const found: Piece[] = [];
  const walk = (node: Node | string, scope: string) => {
    if (typeof node === "string") found.push({ text: node, scope });
    else for (const child of node.children ?? []) walk(child, node.scope ?? scope);
  };
  walk(root, "");
  return found;
}
