/** Fails where the first load of the inbox, compressed, is larger than it may be, or a later screen is. */
import { readFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";

const FIRST_LOAD = 200_000;
const LATER_SCREEN = 200_000;

const root = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", root), "utf8"));
const sizes = new Map();

/** Bytes of a file as they go over the wire; fonts are compressed already. */
function size(file) {
  if (!sizes.has(file)) {
    const bytes = readFileSync(new URL(file, root));
    sizes.set(file, file.endsWith(".woff2") ? bytes.length : brotliCompressSync(bytes).length);
  }
  return sizes.get(file);
}

/** All files that a chunk needs before it runs. */
function needs(key, found = new Set()) {
  const chunk = manifest[key];
  if (chunk === undefined || found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const style of chunk.css ?? []) found.add(style);
  for (const other of chunk.imports ?? []) needs(other, found);
  return found;
}

const total = (files) => [...files].reduce((sum, file) => sum + size(file), 0);
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

const fonts = Object.values(manifest)
  .map((chunk) => chunk.file)
  .filter((file) => /inter-latin-wght-normal.*\.woff2$/.test(file));
const first = new Set([...needs("index.html"), ...needs("src/features/inbox/inbox-page.tsx"), ...fonts]);
const rows = [["first load of the inbox: page, styles, scripts, type", total(first), FIRST_LOAD]];
for (const [key, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry || !key.startsWith("src/")) continue;
  const more = [...needs(key)].filter((file) => !first.has(file));
  rows.push([key.replace("src/", ""), total(more), LATER_SCREEN]);
}
rows.sort((a, b) => b[1] - a[1]);
let over = false;
for (const [name, bytes, most] of rows) {
  const word = bytes > most ? "OVER" : "ok";
  over ||= bytes > most;
  console.log(
    `${word.padEnd(5)}${kilobytes(bytes).padStart(10)}  of ${kilobytes(most).padStart(9)}  ${name}`,
  );
}
process.exitCode = over ? 1 : 0;
