// SPDX-License-Identifier: Apache-2.0
// npm's eventsource, unmodified, reads a stream as the standard's EventSource would.
import assert from "node:assert/strict";
import { EventSource } from "eventsource";
import { Roar, test, unlimited } from "../lib/roar.mjs";

/** Reads until told to stop; every message with its id, and the promise of enough of them. */
class Reader {
  messages = [];
  #wake = () => undefined;

  constructor(t, url, options) {
    this.source = new EventSource(url, options);
    t.after(() => this.source.close());
    this.source.onmessage = ({ data, lastEventId }) => {
      this.messages.push({ ...JSON.parse(data), lastEventId });
      this.#wake();
    };
    this.source.onerror = (error) => {
      this.error = error;
      this.#wake();
    };
  }

  async until(is_enough) {
    while (!is_enough(this)) await new Promise((resolve) => (this.#wake = resolve));
    return this;
  }

  get comments() {
    return this.messages.filter(({ type }) => type === "comment");
  }

  hasComments(count) {
    return this.until(() => this.comments.length >= count);
  }
}

test("it gets the backfill and then what is posted, each with its cursor as id", async (t) => {
  const roar = await Roar.start(t, unlimited);
  const { token } = await roar.guest("Ann");
  await roar.post("demo", token, "before");
  const reader = new Reader(t, `${roar.url}/v1/streams/demo/events`);
  await reader.hasComments(1);
  const { comment } = await roar.post("demo", token, "after", { cid: "c-1" });
  await reader.hasComments(2);
  const [hello, before, after] = reader.messages.filter(({ type }) => ["hello", "comment"].includes(type));
  assert.equal(hello.type, "hello");
  assert.deepEqual([before.text, after.text], ["before", "after"]);
  assert.equal(after.lastEventId, `${hello.epoch}.${after.seq}`);
  const { lastEventId, ...event } = after;
  assert.deepEqual(event, comment, `what is pushed is what was answered (${lastEventId})`);
});

test("killed and restarted: it resumes by Last-Event-ID, with neither gap nor double", async (t) => {
  const roar = await Roar.start(t, unlimited);
  const { token } = await roar.guest("Ann");
  const reader = new Reader(t, `${roar.url}/v1/streams/demo/events`);
  await reader.until(() => reader.messages.some(({ type }) => type === "hello"));
  for (let i = 1; i <= 30; i++) await roar.post("demo", token, `a${i}`);
  await reader.hasComments(30);
  await roar.kill();
  await reader.until(() => reader.error !== undefined);
  await roar.restart();
  for (let i = 1; i <= 30; i++) await roar.post("demo", token, `b${i}`);
  await reader.hasComments(60);
  const seqs = reader.comments.map(({ seq }) => seq);
  assert.deepEqual(seqs, [...new Set(seqs)].sort((a, b) => a - b));
  const expected = ["a", "b"].flatMap((word) => Array.from({ length: 30 }, (_, i) => `${word}${i + 1}`));
  assert.deepEqual(reader.comments.map(({ text }) => text), expected);
  const hellos = reader.messages.filter(({ type }) => type === "hello");
  assert.equal(hellos.at(-1).resumed, true);
  assert.equal(new Set(hellos.map(({ epoch }) => epoch)).size, 1);
});

test("a ticket lets it in as somebody, once", async (t) => {
  const roar = await Roar.start(t, unlimited);
  const { token } = await roar.guest("Ann");
  const { status, body } = await roar.ask("POST", "/v1/tickets", { token });
  assert.equal(status, 201);
  const url = `${roar.url}/v1/streams/demo/events?ticket=${body.ticket}`;
  const first = new Reader(t, url);
  await first.until(() => first.messages.length > 0);
  const second = new Reader(t, url);
  await second.until(() => second.error !== undefined);
  assert.equal(second.error.code, 401);
});

test("no text can break its frames", async (t) => {
  const roar = await Roar.start(t, unlimited);
  const { token } = await roar.guest("Ann");
  const nasty = ["a\nb", "data: x\n\ndata: y", "id: 1\nevent: z", "\ttab", "line\u2028separator\u2029s", "😀", "\\u0000 \\n \"quoted\"", "x\r\ny\rz"];
  const reader = new Reader(t, `${roar.url}/v1/streams/demo/events`);
  await reader.until(() => reader.messages.some(({ type }) => type === "hello"));
  for (const text of nasty) await roar.post("demo", token, text);
  await reader.hasComments(nasty.length);
  const kept = nasty.map((text) => text.replace(/\r\n?/g, "\n"));
  assert.deepEqual(reader.comments.map(({ text }) => text.trim()), kept.map((text) => text.trim()));
});
