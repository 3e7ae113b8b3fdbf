// SPDX-License-Identifier: Apache-2.0
// What is compressed once for all readers, as npm's ws and Node's fetch read it.
import assert from "node:assert/strict";
import { WebSocket } from "ws";
import { Roar, test, unlimited } from "../lib/roar.mjs";

const compressed = { ...unlimited, ROAR_DELIVERY_COMPRESS_VIEWERS: "1", ROAR_DELIVERY_LINE_S: "1" };
const numbered = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `what was that number again? ${from + i}`);

/** Gathers messages, and tells when there are enough comments. */
class Heap {
  messages = [];
  #wake = () => undefined;

  add(text) {
    this.messages.push(JSON.parse(text));
    this.#wake();
  }

  get texts() {
    return this.messages.filter(({ type }) => type === "comment").map(({ text }) => text);
  }

  async has(count) {
    while (this.texts.length < count) await new Promise((resolve) => (this.#wake = resolve));
    return this.texts;
  }

  async has_hello() {
    while (this.messages.length === 0) await new Promise((resolve) => (this.#wake = resolve));
  }
}

function read_ws(t, url, options = {}) {
  const heap = new Heap();
  const ws = new WebSocket(url.replace("http:", "ws:"), options);
  t.after(() => ws.terminate());
  ws.on("message", (data) => heap.add(data.toString()));
  ws.on("error", (error) => assert.fail(error));
  return { heap, ws };
}

async function read_sse(t, url) {
  const heap = new Heap();
  const end = new AbortController();
  t.after(() => end.abort());
  const answer = await fetch(url, { signal: end.signal });
  assert.equal(answer.headers.get("content-encoding"), "gzip");
  heap.ended = (async () => {
    let rest = "";
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split("\n\n");
      rest = blocks.pop();
      for (const line of blocks.join("\n").split("\n")) if (line.startsWith("data: ")) heap.add(line.slice(6));
    }
  })();
  heap.ended.catch(() => undefined);
  return heap;
}

test("sockets and streams opened at different times read the same", async (t) => {
  const roar = await Roar.start(t, compressed);
  const { token } = await roar.guest("Ann");
  const readers = [];
  let count = 0;
  for (let i = 0; i < 8; i++) {
    const { heap, ws } = read_ws(t, `${roar.url}/v1/streams/demo/ws?tail=0`);
    const sse = await read_sse(t, `${roar.url}/v1/streams/demo/events?tail=0`);
    await heap.has_hello();
    await sse.has_hello();
    assert.match(ws.extensions, /permessage-deflate/);
    readers.push([count, heap], [count, sse]);
    for (const text of numbered(count + 1, count + 4)) await roar.post("demo", token, text);
    count += 4;
  }
  for (const [from, heap] of readers) assert.deepEqual(await heap.has(count - from), numbered(from + 1, count));
});

test("ws compresses what it says, and reads replies between comments", async (t) => {
  const roar = await Roar.start(t, compressed);
  const { token } = await roar.guest("Ann");
  const { heap, ws } = read_ws(t, `${roar.url}/v1/streams/demo/ws`, {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: { threshold: 0 },
  });
  await heap.has_hello();
  const texts = numbered(1, 30);
  for (const [i, text] of texts.entries()) {
    ws.send(JSON.stringify({ do: "post", ref: i, text }));
    await heap.has(i + 1);
  }
  assert.deepEqual(heap.texts, texts);
  assert.equal(heap.messages.some(({ type, ok }) => type === "reply" && !ok), false);
});

test("ws that takes over no context, or offers a small window, is served plain", async (t) => {
  const roar = await Roar.start(t, compressed);
  const { token } = await roar.guest("Ann");
  const offers = [{ serverNoContextTakeover: true }, { serverMaxWindowBits: 9 }, false];
  const sockets = offers.map((perMessageDeflate) => read_ws(t, `${roar.url}/v1/streams/demo/ws`, { perMessageDeflate }));
  for (const { heap } of sockets) await heap.has_hello();
  for (const text of numbered(1, 5)) await roar.post("demo", token, text);
  for (const { heap, ws } of sockets) {
    assert.equal(ws.extensions, "");
    assert.deepEqual(await heap.has(5), numbered(1, 5));
  }
});

test("a stream that the server ends is at its end, with all it was sent", async (t) => {
  const roar = await Roar.start(t, compressed);
  const { token } = await roar.guest("Ann");
  const heap = await read_sse(t, `${roar.url}/v1/streams/demo/events`);
  await heap.has_hello();
  for (const text of numbered(1, 20)) await roar.post("demo", token, text);
  await heap.has(20);
  assert.equal(await roar.stop(), 0);
  // Without its trailer a gzip stream has ended for one inflater and broken off for another (Node 18's).
  await heap.ended.catch((error) => assert.equal(error.message, "terminated"));
  assert.equal(heap.messages.at(-1).type, "goaway");
});
