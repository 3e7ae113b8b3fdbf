// SPDX-License-Identifier: Apache-2.0
// What is compressed once for all readers, as npm's ws and Node's fetch read it.
import assert from "node:assert/strict";
import { WebSocket } from "ws";
import { Roar, test, unlimited } from "../lib/roar.mjs";

const compressed = { ...unlimited, ROAR_DELIVERY_COMPRESS_VIEWERS: "1", ROAR_DELIVERY_LINE_S: "1" };
const numbered = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `what was that number again? ${from + i}`);

/** As large as a comment may be, and hardly smaller when it is compressed. */
const noise = () => Array.from({ length: 500 }, () => String.fromCodePoint(0x20000 + Math.floor(Math.random() * 0xa000))).join("");

/** Gathers messages, and tells when there are enough comments. */
class Heap {
  messages = [];
  #wake = () => undefined;

  add(text) {
    this.messages.push(JSON.parse(text));
    this.#wake();
  }

  get texts() {
    return this.of("comment").map(({ text }) => text);
  }

  of(wanted) {
    return this.messages.filter(({ type }) => type === wanted);
  }

  more() {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  async has(count) {
    while (this.texts.length < count) await this.more();
    return this.texts;
  }

  async has_hello() {
    while (this.messages.length === 0) await this.more();
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

test("ws and fetch come back, from far behind, and as slow readers", async (t) => {
  const roar = await Roar.start(t, { ...compressed, ROAR_DELIVERY_RESUME_MAX: "20", ROAR_DELIVERY_RING_KIB: "64" });
  const { token } = await roar.guest("Ann");
  const seqs = [];
  const say = async (text) => seqs.push((await roar.post("demo", token, text)).seq);
  for (const text of numbered(1, 30)) await say(text);
  const open = async (query) => {
    const { heap, ws } = read_ws(t, `${roar.url}/v1/streams/demo/ws?${query}`);
    const sse = await read_sse(t, `${roar.url}/v1/streams/demo/events?${query}`);
    await heap.has_hello();
    await sse.has_hello();
    return { heaps: [heap, sse], ws };
  };
  const back = await open(`after=${seqs[19]}`);
  const far = await open("after=0&tail=5");
  for (const text of numbered(31, 60)) await say(text);
  for (const heap of back.heaps) assert.deepEqual(await heap.has(40), numbered(21, 60));
  for (const heap of far.heaps) {
    assert.deepEqual(await heap.has(35), numbered(26, 60));
    assert.deepEqual(heap.of("gap").map(({ why, carried, shed, removed }) => [why, carried, shed, removed]), [["behind", 0, 25, 0]]);
  }
  const [slow] = back.heaps;
  back.ws.pause();
  for (let i = 0; i < 600; i++) await say(noise());
  back.ws.resume();
  const spared = () => slow.of("gap").reduce((sum, { shed }) => sum + shed, 0);
  while (slow.texts.length - 40 + spared() < 600) await slow.more();
  for (const { why, from, to, shed } of slow.of("gap"))
    assert.deepEqual([why, shed], ["slow reader", seqs.filter((seq) => from <= seq && seq <= to).length]);
  assert.ok(spared() > 0);
  const got = slow.texts.length;
  for (const text of numbered(61, 90)) await say(text);
  assert.deepEqual((await slow.has(got + 30)).slice(got), numbered(61, 90));
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
