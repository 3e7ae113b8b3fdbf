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
function open_reader([name, kind]) {
  const texts = [];
  window.readers = { ...window.readers, [name]: texts };
  return new Promise((resolve) => {
    const take = (json) => {
      const message = JSON.parse(json);
      if (message.type === "hello") resolve();
      if (message.type === "comment") texts.push(message.text);
    };
    const read = async () => {
      const answer = await fetch("/v1/streams/demo/events?tail=0");
      let rest = "";
      const text = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let next = await text.read(); !next.done; next = await text.read()) {
        const lines = (rest + next.value).split("\n");
        rest = lines.pop();
        for (const line of lines) if (line.startsWith("data: ")) take(line.slice(6));
      }
    };
    if (kind === "ws") new WebSocket("/v1/streams/demo/ws?tail=0").onmessage = ({ data }) => take(data);
    else if (kind === "eventsource") new EventSource("/v1/streams/demo/events?tail=0").onmessage = ({ data }) => take(data);
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
