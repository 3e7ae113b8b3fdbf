// SPDX-License-Identifier: Apache-2.0
// The SDK outside a browser, over each transport against the real server, through a kill in mid-write.
import assert from "node:assert/strict";
import { build } from "esbuild";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { Roar, test, unlimited } from "../lib/roar.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const { outputFiles } = await build({ absWorkingDir: root, entryPoints: ["sdk/src/index.ts"], write: false, bundle: true, format: "esm", logLevel: "warning" });
const { Stream } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);

const ports = { openSocket: (url, protocol) => new WebSocket(url, protocol) };
const transports = ["websocket", "sse", "poll"];

/** A stream that can be waited on. */
function open(t, roar, transport, token) {
  const stream = new Stream({ stream: "demo", server: roar.url, token, transports: [transport], window: 5_000, ports });
  t.after(() => stream.close());
  const stuck = () => t.diagnostic(`${transport} waits: ${JSON.stringify(stream.status)}, ${comments(stream).length} comments of ${stream.lines.length} lines, others ${JSON.stringify(stream.lines.filter(({ kind }) => kind !== "comment").slice(0, 3))}`);
  const until = (is_so) =>
    new Promise((resolve) => {
      const look = () => {
        if (!is_so(stream)) return;
        t.signal.removeEventListener("abort", stuck);
        stop();
        resolve();
      };
      t.signal.addEventListener("abort", stuck);
      const stop = stream.onChange(look);
      look();
    });
  return { stream, until };
}

const comments = (stream) => stream.lines.filter(({ kind }) => kind === "comment");
const texts = (stream) => comments(stream).map(({ comment }) => comment.text);

for (const transport of transports) {
  test(`${transport}: backfill, then live; what is posted is confirmed once`, async (t) => {
    const roar = await Roar.start(t, unlimited);
    const { token } = await roar.guest("Ann");
    for (const text of ["one", "two"]) await roar.post("demo", token, text);
    const { stream, until } = open(t, roar, transport, token);
    await until(() => comments(stream).length === 2);
    stream.post({ text: "three" });
    assert.equal(stream.lines.at(-1).kind, "own");
    await until(() => comments(stream).length === 3);
    await roar.post("demo", token, "four");
    await until(() => comments(stream).length === 4);
    assert.deepEqual(texts(stream), ["one", "two", "three", "four"]);
    assert.equal(stream.lines.length, 4);
  });
}

test("killed in mid-write, twice: every reader has every comment once, in the one order", async (t) => {
  const roar = await Roar.start(t, unlimited);
  const { token } = await roar.guest("Reader");
  const readers = transports.map((transport) => open(t, roar, transport, token));
  const writers = await Promise.all([0, 1, 2].map(async (i) => {
    const guest = await roar.guest(`Writer ${i}`);
    return open(t, roar, transports[i], guest.token);
  }));
  await Promise.all([...readers, ...writers].map(({ until }) => until(({ status }) => status.phase === "live")));
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 40; i++) for (const [who, { stream }] of writers.entries()) stream.post({ text: `${who}.${round * 40 + i}` });
    if (round < 2) {
      await readers[0].until(({ lines }) => lines.length >= round * 120 + 20);
      await roar.kill();
      await Promise.all([...readers, ...writers].map(({ until }) => until(({ status }) => status.phase !== "live")));
      await roar.restart();
    }
    const all = [...readers, ...writers];
    await Promise.all(all.map(({ until }) => until((stream) => comments(stream).length === (round + 1) * 120)));
  }
  const [first, ...others] = [...readers, ...writers].map(({ stream }) => comments(stream).map(({ seq, comment }) => [seq, comment.id, comment.text]));
  for (const other of others) assert.deepEqual(other, first);
  const seqs = first.map(([seq]) => seq);
  assert.deepEqual(seqs, [...new Set(seqs)].sort((a, b) => a - b));
  for (const who of [0, 1, 2]) {
    const theirs = first.map(([, , text]) => text).filter((text) => text.startsWith(`${who}.`));
    assert.deepEqual(theirs, Array.from({ length: 120 }, (_, i) => `${who}.${i}`), "each writer's lines in the order they wrote them");
  }
  for (const { stream } of [...readers, ...writers]) assert.deepEqual(stream.lines.filter(({ kind }) => kind !== "comment"), []);
});

test("drained and started again: every reader comes back by itself and misses nothing", async (t) => {
  const roar = await Roar.start(t, unlimited);
  const { token } = await roar.guest("Ann");
  const readers = transports.map((transport) => open(t, roar, transport));
  await Promise.all(readers.map(({ until }) => until(({ status }) => status.phase === "live")));
  await roar.post("demo", token, "before");
  await Promise.all(readers.map(({ until }) => until((stream) => comments(stream).length === 1)));
  assert.equal(await roar.stop(), 0);
  await roar.restart();
  await roar.post("demo", token, "after");
  await Promise.all(readers.map(({ until }) => until((stream) => comments(stream).length === 2)));
  for (const { stream } of readers) assert.deepEqual(texts(stream), ["before", "after"]);
});

test("tokens end every other second: reading and writing go on", async (t) => {
  const roar = await Roar.start(t, unlimited);
  // Renewed about once a second: after so many the first has ended, whatever leeway it had.
  const enough = 10;
  const readers = transports.map((transport) => {
    let asked = 0;
    let worn_out;
    const worn = new Promise((resolve) => (worn_out = resolve));
    const source = () => {
      if (++asked === enough) worn_out();
      return roar.token("ann", "Ann", "member", "2s");
    };
    return { transport, worn, ...open(t, roar, transport, source) };
  });
  await Promise.all(readers.map(({ until }) => until(({ status }) => status.phase === "live")));
  await Promise.all(readers.map(({ worn }) => worn));
  for (const { transport, stream } of readers) stream.post({ text: transport });
  await Promise.all(readers.map(({ until }) => until((stream) => comments(stream).length === 3 && stream.lines.length === 3)));
  for (const { stream } of readers) assert.deepEqual(texts(stream).sort(), [...transports].sort());
});

test("where reading needs a token: nobody is told so, somebody reads over each transport", async (t) => {
  const roar = await Roar.start(t, { ...unlimited, ROAR_AUTH_READ: "token" });
  const { token } = await roar.guest("Ann");
  const nobody = open(t, roar, "sse");
  await nobody.until(({ status }) => status.phase === "stopped");
  assert.equal(nobody.stream.status.problem.code, "no_token");
  for (const transport of transports) {
    const { stream, until } = open(t, roar, transport, token);
    stream.post({ text: transport });
    await until((stream) => texts(stream).includes(transport));
    stream.close();
  }
});
