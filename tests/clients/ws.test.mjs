// SPDX-License-Identifier: Apache-2.0
// npm's ws, unmodified, reads and writes a stream.
import assert from "node:assert/strict";
import { WebSocket } from "ws";
import { Roar, test, unlimited } from "../lib/roar.mjs";

class Socket {
  messages = [];
  #wake = () => undefined;

  constructor(t, url, ...options) {
    this.ws = new WebSocket(url.replace("http:", "ws:"), ...options);
    t.after(() => this.ws.terminate());
    this.ws.on("message", (data, is_binary) => {
      assert.equal(is_binary, false);
      this.messages.push(JSON.parse(data.toString()));
      this.#wake();
    });
    this.ws.on("unexpected-response", (_request, { statusCode }) => {
      this.refused_with = statusCode;
      this.#wake();
    });
    this.ws.on("open", () => this.#wake());
    this.ws.on("error", () => this.#wake());
    this.ws.on("close", (code) => {
      this.closed_with = code;
      this.#wake();
    });
  }

  async until(is_enough) {
    while (!is_enough(this)) await new Promise((resolve) => (this.#wake = resolve));
    return this;
  }

  send(message) {
    this.ws.send(JSON.stringify(message));
  }

  async ask(message) {
    this.send(message);
    const has_it = ({ type, ref }) => type === "reply" && ref === message.ref;
    await this.until(() => this.messages.some(has_it));
    return this.messages.find(has_it);
  }

  of(type) {
    return this.messages.filter((message) => message.type === type);
  }

  has(type, count = 1) {
    return this.until(() => this.of(type).length >= count);
  }
}

test("it reads the backfill and what is posted by HTTP; the subprotocol is echoed", async (t) => {
  const roar = await Roar.start(t, unlimited);
  const { token } = await roar.guest("Ann");
  await roar.post("demo", token, "before");
  const socket = new Socket(t, `${roar.url}/v1/streams/demo/ws`, "roar.v1");
  await socket.has("comment");
  assert.equal(socket.ws.protocol, "roar.v1");
  const { comment } = await roar.post("demo", token, "after");
  await socket.has("comment", 2);
  assert.deepEqual(socket.of("comment").map(({ text }) => text), ["before", "after"]);
  assert.deepEqual(socket.of("comment")[1], comment);
  assert.equal(socket.messages[0].type, "hello");
});

test("killed and restarted: with after= it has neither gap nor double", async (t) => {
  const roar = await Roar.start(t, unlimited);
  const { token } = await roar.guest("Ann");
  const first = new Socket(t, `${roar.url}/v1/streams/demo/ws`);
  await first.has("hello");
  for (let i = 1; i <= 20; i++) await roar.post("demo", token, `a${i}`);
  await first.has("comment", 20);
  const { epoch } = first.of("hello")[0];
  const last = first.of("comment").at(-1).seq;
  await roar.kill();
  await first.until(() => first.closed_with !== undefined);
  await roar.restart();
  for (let i = 1; i <= 20; i++) await roar.post("demo", token, `b${i}`);
  const second = new Socket(t, `${roar.url}/v1/streams/demo/ws?after=${epoch}.${last}`);
  await second.has("comment", 20);
  assert.equal(second.of("hello")[0].resumed, true);
  assert.deepEqual(second.of("comment").map(({ text }) => text), Array.from({ length: 20 }, (_, i) => `b${i + 1}`));
  assert.equal(second.of("comment")[0].prev, last);
});

test("it authenticates by its first message, posts, and its retry is known", async (t) => {
  const roar = await Roar.start(t, unlimited);
  const { token, user } = await roar.guest("Ann");
  const socket = new Socket(t, `${roar.url}/v1/streams/demo/ws`);
  await socket.until(() => socket.ws.readyState === WebSocket.OPEN);
  const refused = await socket.ask({ do: "post", ref: 1, stream: "demo", text: "too soon" });
  assert.deepEqual([refused.ok, refused.problem.code], [false, "no_token"]);
  assert.equal((await socket.ask({ do: "auth", ref: 2, token })).ok, true);
  const post = { do: "post", stream: "demo", text: "hello", cid: "c-1" };
  const first = await socket.ask({ ...post, ref: 3 });
  const again = await socket.ask({ ...post, ref: 4 });
  assert.deepEqual([first.status, again.status], [201, 200]);
  assert.equal(again.data.seq, first.data.seq);
  assert.equal(again.data.duplicate, true);
  await socket.has("comment");
  assert.equal(socket.of("comment")[0].user.id, user.id);
  assert.equal(socket.of("comment")[0].cid, "c-1");
});

test("one socket joins and leaves streams", async (t) => {
  const roar = await Roar.start(t, unlimited);
  const { token } = await roar.guest("Ann");
  const socket = new Socket(t, `${roar.url}/v1/ws`);
  await socket.until(() => socket.ws.readyState === WebSocket.OPEN);
  for (const stream of ["one", "two"]) socket.send({ do: "join", ref: stream.length, stream });
  await socket.has("hello", 2);
  await roar.post("one", token, "in one");
  await roar.post("two", token, "in two");
  await socket.has("comment", 2);
  assert.deepEqual(socket.of("comment").map(({ stream, text }) => [stream, text]).sort(), [["one", "in one"], ["two", "in two"]]);
  assert.equal((await socket.ask({ do: "leave", ref: 9, stream: "one" })).ok, true);
  await roar.post("one", token, "unheard");
  await roar.post("two", token, "heard");
  await socket.has("comment", 3);
  assert.equal(socket.of("comment")[2].text, "heard");
});

test("a beat is answered, so that silence means something", async (t) => {
  const roar = await Roar.start(t);
  const socket = new Socket(t, `${roar.url}/v1/streams/demo/ws`);
  await socket.has("hello");
  const reply = await socket.ask({ do: "beat", ref: 5, stream: "demo" });
  assert.equal(reply.ok, true);
});

test("what is no JSON object is answered, what is binary ends it", async (t) => {
  const roar = await Roar.start(t);
  const socket = new Socket(t, `${roar.url}/v1/streams/demo/ws`);
  await socket.has("hello");
  socket.ws.send("[1,2]");
  await socket.has("reply");
  const [{ ok, problem, ref }] = socket.of("reply");
  assert.deepEqual([ok, problem.code, ref], [false, "bad_json", undefined]);
  socket.ws.send(Buffer.from([1, 2, 3]));
  await socket.until(() => socket.closed_with !== undefined);
  assert.equal(socket.closed_with, 1003);
});

test("a ticket is good once; a bad token is refused at the door", async (t) => {
  const roar = await Roar.start(t);
  const { token } = await roar.guest("Ann");
  const { body } = await roar.ask("POST", "/v1/tickets", { token });
  const url = `${roar.url}/v1/streams/demo/ws?ticket=${body.ticket}`;
  await new Socket(t, url).has("hello");
  const again = new Socket(t, url);
  await again.until(() => again.refused_with !== undefined);
  assert.equal(again.refused_with, 401);
  const stranger = new Socket(t, `${roar.url}/v1/streams/demo/ws`, { headers: { authorization: "Bearer x.y.z" } });
  await stranger.until(() => stranger.refused_with !== undefined);
  assert.equal(stranger.refused_with, 401);
});
