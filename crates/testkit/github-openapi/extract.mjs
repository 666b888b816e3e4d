// Writes description.json: what the fake forge needs of GitHub's OpenAPI description (development tool).
//
//   node extract.mjs PATH/TO/api.github.com.json > description.json
//
// The operations are those that src/fake_forge/operations.rs names; for each its query, its body and its answers as
// JSON Schema (the description is OpenAPI 3.0: `nullable` becomes a type), and every schema that these refer to.
// Words, examples and defaults are left out. One operation or schema a line, so that changes can be read.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const description = JSON.parse(readFileSync(process.argv[2], "utf8"));
const table = readFileSync(join(here, "../src/fake_forge/operations.rs"), "utf8");
const wanted = [...table.matchAll(/^ {4}"([a-z-]+\/[a-z-]+)" (GET|POST|PUT|PATCH|DELETE) "/gm)].map((found) => found[1]);

const KEPT = new Set([
  "type", "enum", "const", "properties", "required", "additionalProperties", "items", "allOf", "anyOf", "oneOf", "not",
  "minimum", "maximum", "minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems",
]);
const FORMATS = new Set(["uri", "date-time"]);
const needed = new Set();

const each = (object, change) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

function schema(from) {
  if (from.$ref) {
    const name = from.$ref.replace("#/components/schemas/", "");
    needed.add(name);
    return { $ref: `#/schemas/${name}` };
  }
  const to = {};
  for (const [key, value] of Object.entries(from)) {
    if (key === "properties") to.properties = each(value, schema);
    else if (key === "items" || key === "not") to[key] = schema(value);
    else if (key === "additionalProperties") to[key] = typeof value === "object" ? schema(value) : value;
    else if (["allOf", "anyOf", "oneOf"].includes(key)) to[key] = value.map(schema);
    else if (key === "format" && FORMATS.has(value)) to.format = value;
    else if (KEPT.has(key)) to[key] = value;
  }
  if (!from.nullable) return to;
  if (!to.type) return { anyOf: [to, { type: "null" }] };
  to.type = [to.type, "null"];
  if (to.enum && !to.enum.includes(null)) to.enum = [...to.enum, null];
  return to;
}

const resolved = (value) =>
  value.$ref ? value.$ref.slice(2).split("/").reduce((at, part) => at[part], description) : value;

const body = (content) => {
  const json = content && Object.entries(content).find(([type]) => /^application\/(.*\+)?json$/.test(type));
  return json ? schema(json[1].schema) : null;
};

const operations = {};
for (const [path, item] of Object.entries(description.paths)) {
  for (const [method, operation] of Object.entries(item)) {
    if (!wanted.includes(operation.operationId)) continue;
    const query = {};
    for (const parameter of [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolved)) {
      if (parameter.in === "query") query[parameter.name] = { required: !!parameter.required, schema: schema(parameter.schema) };
    }
    const request = operation.requestBody && resolved(operation.requestBody);
    operations[operation.operationId] = {
      method: method.toUpperCase(),
      path,
      query,
      body: request ? { required: !!request.required, schema: body(request.content) ?? {} } : null,
      answers: each(operation.responses, (answer) => body(resolved(answer).content)),
    };
  }
}

// The description inlines an installation here whose account is a user *and* an enterprise (`allOf`), which none is;
// everywhere else it is either, as GitHub answers.
operations["apps/list-installations"].answers["200"] = { type: "array", items: { $ref: "#/schemas/installation" } };

const missing = wanted.filter((name) => !operations[name]);
if (missing.length > 0) throw new Error(`not in the description: ${missing.join(", ")}`);

const schemas = {};
for (const name of needed) schemas[name] = schema(description.components.schemas[name]);

const lines = (object) =>
  Object.keys(object).sort().map((key) => `${JSON.stringify(key)}:${JSON.stringify(object[key])}`).join(",\n");
process.stdout.write(`{"version":${JSON.stringify(description.info.version)},\n"operations":{\n${lines(operations)}\n},\n"schemas":{\n${lines(schemas)}\n}}\n`);
