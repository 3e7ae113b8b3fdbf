// SPDX-License-Identifier: Apache-2.0
// Chromium reads what is compressed once for all: EventSource, WebSocket and fetch, opened at different times.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { Roar, test, unlimited } from "../lib/roar.mjs";
import { openBrowser, Visitor } from "./page.mjs";

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const compressed = { ...unlimited, ROAR_DELIVERY_COMPRESS_VIEWERS: "1", ROAR_DELIVERY_LINE_S: "1", ROAR_WORKERS: "1" };
const numbered = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `and what comes after ${from + i}?`);

/** Runs in the page: begins to read, and resolves when it is greeted. */
function open_reader([name, kind, query = "tail=0"]) {
  const texts = [];
  window.readers = { ...window.readers, [name]: texts };
  window.gaps = { ...window.gaps, [name]: [] };
  return new Promise((resolve) => {
    const take = (json) => {
      const message = JSON.parse(json);
      if (message.type === "hello") resolve();
      if (message.type === "comment") texts.push(message.text);
      if (message.type === "gap") window.gaps[name].push([message.why, message.shed]);
    };
    const read = async () => {
      const answer = await fetch(`/v1/streams/demo/events?${query}`);
      let rest = "";
      const text = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let next = await text.read(); !next.done; next = await text.read()) {
        const lines = (rest + next.value).split("\n");
        rest = lines.pop();
        for (const line of lines) if (line.startsWith("data: ")) take(line.slice(6));
      }
    };
    if (kind === "ws") {
      window.socket = new WebSocket(`/v1/streams/demo/ws?${query}`);
      window.socket.onmessage = ({ data }) => take(data);
    } else if (kind === "eventsource") new EventSource(`/v1/streams/demo/events?${query}`).onmessage = ({ data }) => take(data);
    else void read();
  });
}

test("readers of every kind, opened at different times, read the same", async (t) => {
  const roar = await Roar.start(t, compressed);
  const { token } = await roar.guest("Ann");
  const visitor = await Visitor.open(t, browser);
  const codings = [];
  visitor.page.on("response", (answer) => {
    if (answer.url().includes("/events")) codings.push(answer.headers()["content-encoding"]);
  });
  await visitor.page.goto(`${roar.url}/healthz`);
  const joined = [];
  let count = 0;
  for (const kind of ["eventsource", "ws", "fetch", "ws", "eventsource"]) {
    const name = `${kind} ${joined.length}`;
    await visitor.page.evaluate(open_reader, [name, kind]);
    joined.push([name, count]);
    for (const text of numbered(count + 1, count + 6)) await roar.post("demo", token, text);
    count += 6;
  }
  for (const [name, from] of joined) {
    await visitor.page.waitForFunction(([name, wanted]) => window.readers[name].length >= wanted, [name, count - from]);
    assert.deepEqual(await visitor.page.evaluate((name) => window.readers[name], name), numbered(from + 1, count));
  }
  assert.deepEqual(codings, ["gzip", "gzip", "gzip"]);
  const { body } = await roar.ask("GET", "/metrics");
  const figure = (name) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(body)[1]);
  assert.ok(figure("roar_compress_sent_bytes_total") > 1000);
  assert.ok(figure("roar_compress_sent_bytes_total") < 0.6 * figure("roar_compress_plain_bytes_total"));
  assert.deepEqual(visitor.complaints.filter((text) => !text.includes("404")), []); // of the icon
});

/** Runs in the page: each comment by the socket, the next one when its reply is there. */
async function post_each([token, texts]) {
  const ask = (message) =>
    new Promise((resolve) => {
      window.socket.addEventListener("message", function on_message({ data }) {
        const { type, ref, ok } = JSON.parse(data);
        if (type !== "reply" || ref !== message.ref) return;
        window.socket.removeEventListener("message", on_message);
        resolve(ok);
      });
      window.socket.send(JSON.stringify(message));
    });
  const answers = [await ask({ do: "auth", ref: "auth", token })];
  for (const text of texts) answers.push(await ask({ do: "post", ref: text, text }));
  return answers;
}

test("readers who come back, come from far behind, and are answered between what is for all", async (t) => {
  const roar = await Roar.start(t, { ...compressed, ROAR_DELIVERY_RESUME_MAX: "20" });
  const { token } = await roar.guest("Ann");
  const visitor = await Visitor.open(t, browser);
  await visitor.page.goto(`${roar.url}/healthz`);
  const seqs = [];
  for (const text of numbered(1, 30)) seqs.push((await roar.post("demo", token, text)).seq);
  const joined = [];
  for (const kind of ["eventsource", "fetch", "ws"]) {
    joined.push([`${kind}, back`, kind, `after=${seqs[19]}`, numbered(21, 120), []]);
    joined.push([`${kind}, from far`, kind, "after=0&tail=5", numbered(26, 120), [["behind", 25]]]);
  }
  for (const [name, kind, query] of joined) await visitor.page.evaluate(open_reader, [name, kind, query]);
  for (const text of numbered(31, 80)) await roar.post("demo", token, text);
  const answers = await visitor.page.evaluate(post_each, [token, numbered(81, 120)]);
  assert.deepEqual(new Set(answers), new Set([true]));
  for (const [name, , , texts, gaps] of joined) {
    await visitor.page.waitForFunction(([name, wanted]) => window.readers[name].length >= wanted, [name, texts.length]);
    const found = await visitor.page.evaluate((name) => [window.readers[name], window.gaps[name]], name);
    assert.deepEqual(found, [texts, gaps], name);
  }
  const { body } = await roar.ask("GET", "/metrics");
  assert.ok(Number(/^roar_compress_sent_bytes_total (\S+)$/m.exec(body)[1]) > 10_000);
});
