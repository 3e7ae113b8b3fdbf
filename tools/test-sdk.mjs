// SPDX-License-Identifier: Apache-2.0
// Bundles the tests of the SDK and the page for Node and runs them; what is printed is TAP.
//   node tools/test-sdk.mjs [NAME ...]     (all of sdk/test/ and web/test/, or only NAME.test.ts)
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, "build/sdk-test");
const names = process.argv.slice(2);
const tests = ["sdk/test", "web/test"]
  .flatMap((folder) => readdirSync(join(root, folder)).map((file) => `${folder}/${file}`))
  .filter((file) => file.endsWith(".test.ts"))
  .filter((file) => names.length === 0 || names.includes(basename(file, ".test.ts")));
if (tests.length === 0) {
  console.error(`no such test: ${names.join(" ")}`);
  process.exit(2);
}

rmSync(out, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: tests,
  outdir: out,
  entryNames: "[name]",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node18",
  sourcemap: "inline",
  logLevel: "warning",
});
const files = tests.map((file) => join(out, basename(file).replace(/\.ts$/, ".mjs")));
const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=tap", ...files], { stdio: "inherit" });
process.exit(run.status ?? 1);
