// SPDX-License-Identifier: Apache-2.0
// Bundles web/ as a browser is to read it, and lists what came out.
//   node tools/pages.mjs --out DIR [--list FILE] [--depfile FILE]
// DIR gets a file a page and assets/NAME-HASH.EXT; the list (DIR/pages.json if no other is named) has
// one {path, file, type, cache} for each, which tools/embed turns into C.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const { values: flags } = parseArgs({
  options: { out: { type: "string" }, list: { type: "string" }, depfile: { type: "string" } },
});
if (!flags.out) {
  console.error("usage: node tools/pages.mjs --out DIR [--list FILE] [--depfile FILE]");
  process.exit(2);
}
const out = resolve(flags.out);
const list = resolve(flags.list ?? join(out, "pages.json"));

/** Where each page is served. */
const pages = [{ name: "page", path: "/" }, { name: "studio", path: "/studio" }];

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};
const entry = (path, file, cache) => ({ path, file: relative(dirname(list), file), type: types[extname(file)], cache });

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, "assets"), { recursive: true });

const bundle = await build({
  absWorkingDir: root,
  entryPoints: pages.flatMap(({ name }) => [`web/${name}.ts`, `web/${name}.css`]),
  outdir: join(out, "assets"),
  entryNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2021", "chrome111", "firefox113", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

// What page.html calls /page.css is served under a name that holds the hash of its content.
const hashed = new Map();
const entries = [];
for (const [file, output] of Object.entries(bundle.metafile.outputs)) {
  const name = basename(file);
  hashed.set(`/${basename(output.entryPoint, extname(output.entryPoint))}${extname(name)}`, `/assets/${name}`);
  entries.push(entry(`/assets/${name}`, resolve(root, file), "public, max-age=31536000, immutable"));
}
const icon = readFileSync(join(root, "web/icon.svg"));
const icon_name = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8)}.svg`;
writeFileSync(join(out, "assets", icon_name), icon);
hashed.set("/icon.svg", `/assets/${icon_name}`);
entries.push(entry(`/assets/${icon_name}`, join(out, "assets", icon_name), "public, max-age=31536000, immutable"));

for (const { name, path } of pages) {
  let html = readFileSync(join(root, `web/${name}.html`), "utf8");
  for (const plain of [`/${name}.js`, `/${name}.css`, "/icon.svg"]) {
    if (!html.includes(`"${plain}"`)) throw new Error(`web/${name}.html does not name ${plain}`);
    html = html.replaceAll(`"${plain}"`, `"${hashed.get(plain)}"`);
  }
  writeFileSync(join(out, `${name}.html`), html);
  entries.push(entry(path, join(out, `${name}.html`), "no-cache"));
}
entries.push(entry("/openapi.json", join(root, "src/api/openapi.json"), "no-cache"));

writeFileSync(list, `${JSON.stringify(entries, null, 2)}\n`);
if (flags.depfile) {
  const inputs = [...Object.keys(bundle.metafile.inputs), ...pages.map(({ name }) => `web/${name}.html`), "web/icon.svg", "src/api/openapi.json",
    "tools/pages.mjs"];
  const escaped = inputs.map((input) => resolve(root, input).replaceAll(" ", "\\ "));
  writeFileSync(flags.depfile, `${basename(list)}: ${escaped.join(" ")}\n`);
}
