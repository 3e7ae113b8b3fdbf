// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../src/http.js";
import type { Posted } from "../src/messages.js";
import { Outbox } from "../src/outbox.js";
import { comment, EPOCH, FakeClock, settled } from "./world.js";

interface Sent {
  cid: string;
  text: string;
  answer(posted: Partial<Posted>): void;
  refuse(code: string, status: number, retry_ms?: number): void;
}

function outboxWorld(give_up_ms = 60_000) {
  const clock = new FakeClock();
  const sent: Sent[] = [];
  const posted: string[] = [];
  let letter = 0;
  const outbox = new Outbox({
    clock,
    random: () => (0.3 + letter++ * 0.618) % 1,
    send: (cid, { text }) =>
      new Promise((resolve, reject) =>
        sent.push({
          cid,
          text,
          answer: (answer) => resolve({ id: "i", state: "visible", epoch: EPOCH, ...answer }),
          refuse: (code, status, retry_ms) => reject(new Problem(code as "full", status, code, retry_ms)),
        }),
      ),
    posted: (key) => posted.push(key),
    changed: () => undefined,
    give_up_ms,
  });
  const last = (): Sent => sent.at(-1) as Sent;
  return { clock, sent, posted, outbox, last };
}

const states = (outbox: Outbox): string[] => outbox.lines.map(({ draft, state }) => `${draft.text} ${state}`);

test("a line is pending at once, and goes with its answer", async () => {
  const { outbox, last, posted } = outboxWorld();
  const cid = outbox.post({ text: "a" });
  assert.match(cid, /^[A-Za-z0-9_-]{1,64}$/);
  assert.deepEqual(states(outbox), ["a pending"]);
  last().answer({ seq: 1, comment: comment(1) });
  await settled();
  assert.deepEqual(states(outbox), []);
  assert.deepEqual(posted, [`cid:${cid}`]);
});

test("lines go one by one, in the order they were written", async () => {
  const { outbox, sent, last } = outboxWorld();
  for (const text of ["a", "b", "c"]) outbox.post({ text });
  assert.deepEqual(sent.map(({ text }) => text), ["a"]);
  last().answer({});
  await settled();
  last().answer({});
  await settled();
  assert.deepEqual(sent.map(({ text }) => text), ["a", "b", "c"]);
});

test("a lost answer is settled by the same cid again", async () => {
  const { clock, outbox, sent, last } = outboxWorld();
  const cid = outbox.post({ text: "a" });
  last().refuse("unreachable", 0);
  await clock.advance(2_000);
  assert.deepEqual(sent.map((one) => one.cid), [cid, cid]);
  assert.deepEqual(states(outbox), ["a pending"]);
  last().answer({ duplicate: true });
  await settled();
  assert.deepEqual(states(outbox), []);
});

test("its event settles a line whose answer never comes; the late answer changes nothing", async () => {
  const { outbox, sent, posted } = outboxWorld();
  const cid = outbox.post({ text: "a" });
  assert.equal(outbox.settle(cid), `cid:${cid}`);
  assert.deepEqual(states(outbox), []);
  assert.equal(outbox.settle(cid), undefined);
  sent[0]?.answer({});
  await settled();
  assert.deepEqual(posted, []);
});

test("a line settled while it waits for a retry is not sent again", async () => {
  const { clock, outbox, sent, last } = outboxWorld();
  const cid = outbox.post({ text: "a" });
  last().refuse("overloaded", 503);
  await settled();
  outbox.settle(cid);
  await clock.advance(60_000);
  assert.equal(sent.length, 1);
});

test("what cannot succeed fails at once, with the code; retry sends the same cid", async () => {
  const { outbox, sent, last } = outboxWorld();
  const cid = outbox.post({ text: "a" });
  last().refuse("blocked_term", 422);
  await settled();
  assert.deepEqual(states(outbox), ["a failed"]);
  assert.equal(outbox.lines[0]?.problem?.code, "blocked_term");
  outbox.retry(cid);
  await settled();
  assert.deepEqual(sent.map((one) => one.cid), [cid, cid]);
  last().answer({});
  await settled();
  assert.deepEqual(states(outbox), []);
});

test("Retry-After is honoured, and the line says why it waits", async () => {
  const { clock, outbox, sent, last } = outboxWorld();
  outbox.post({ text: "a" });
  last().refuse("rate_user", 429, 7_000);
  await clock.advance(6_999);
  assert.equal(sent.length, 1);
  assert.equal(outbox.lines[0]?.problem?.code, "rate_user");
  outbox.wake();
  assert.equal(sent.length, 1, "a time that the server named is kept even when the network is back");
  await clock.advance(2_001);
  assert.equal(sent.length, 2);
});

test("what was to wait for a rule goes at once when that rule ends, and for no other reason", async () => {
  const { clock, outbox, sent, last } = outboxWorld();
  outbox.post({ text: "a" });
  last().refuse("slow_mode", 429, 20_000);
  await settled();
  outbox.lifted("rate_user");
  assert.equal(sent.length, 1);
  outbox.lifted("slow_mode");
  assert.equal(sent.length, 2);
  assert.equal(clock.next_ms, undefined, "nothing waits beside it");
  outbox.lifted("slow_mode");
  assert.equal(sent.length, 2, "once");
});

test("a wait beyond patience is a failure now, not later", async () => {
  const { outbox, last } = outboxWorld(20_000);
  outbox.post({ text: "a" });
  last().refuse("slow_mode", 429, 30_000);
  await settled();
  assert.deepEqual(states(outbox), ["a failed"]);
});

test("trying ends: a line that cannot get through fails by name", async () => {
  const { clock, outbox, sent } = outboxWorld(60_000);
  outbox.post({ text: "a" });
  for (let i = 0; i < 50 && outbox.lines[0]?.state === "pending"; i++) {
    sent.at(-1)?.refuse("unreachable", 0);
    await clock.advance(5_000);
  }
  assert.deepEqual(states(outbox), ["a failed"]);
  assert.equal(outbox.lines[0]?.problem?.code, "unreachable");
  assert.ok(sent.length >= 4 && sent.length <= 12, `${sent.length} tries in a minute`);
});

test("the network's return sends what waits at once", async () => {
  const { clock, outbox, sent, last } = outboxWorld();
  outbox.post({ text: "a" });
  last().refuse("unreachable", 0);
  await settled();
  outbox.wake();
  await settled();
  assert.equal(sent.length, 2);
  assert.equal(clock.next_ms, undefined);
});

test("held waits for its verdict: approved by its event, or rejected", async () => {
  const { outbox, last } = outboxWorld();
  const cid = outbox.post({ text: "a" });
  last().answer({ state: "held" });
  await settled();
  assert.deepEqual(states(outbox), ["a held"]);
  outbox.judge({ type: "rejected", id: "i", cid });
  assert.deepEqual(states(outbox), ["a failed"]);
  assert.equal(outbox.lines[0]?.problem?.code, "rejected");
  outbox.discard(cid);
  assert.deepEqual(states(outbox), []);
  const other = outbox.post({ text: "b" });
  last().answer({ state: "held" });
  await settled();
  assert.equal(outbox.settle(other), `cid:${other}`);
});

test("what was rejected is not tried again: its author may appeal by its id; undone, it waits again", async () => {
  const { outbox, last, sent } = outboxWorld();
  const cid = outbox.post({ text: "a" });
  outbox.judge({ type: "rejected", id: "i", cid });
  last().answer({ state: "held" }); // which the verdict has overtaken
  await settled();
  assert.deepEqual(states(outbox), ["a failed"]);
  assert.equal(outbox.lines[0]?.id, "i");
  assert.equal(outbox.lines[0]?.problem?.is_final, true);
  outbox.retry(cid);
  await settled();
  assert.equal(sent.length, 1);
  outbox.judge({ type: "held", id: "i", cid });
  assert.deepEqual(states(outbox), ["a held"]);
  outbox.judge({ type: "rejected", id: "i", cid });
  assert.deepEqual(states(outbox), ["a failed"]);
});

test("what was removed before it was confirmed says so", async () => {
  const { outbox, last, posted } = outboxWorld();
  outbox.post({ text: "a" });
  last().answer({ state: "deleted", duplicate: true });
  await settled();
  assert.deepEqual(states(outbox), ["a failed"]);
  assert.equal(outbox.lines[0]?.problem?.code, "removed");
  assert.equal(outbox.lines[0]?.id, "i");
  assert.deepEqual(posted, []);
});

test("memory is bounded: failed lines make room, waiting ones do not", async () => {
  const { outbox, last } = outboxWorld();
  outbox.post({ text: "failed" });
  last().refuse("too_long", 422);
  await settled();
  for (let i = 0; i < 100; i++) outbox.post({ text: `${i}` });
  assert.equal(outbox.lines.length, 100);
  assert.ok(!states(outbox).includes("failed failed"));
  assert.throws(() => outbox.post({ text: "more" }), (error: Problem) => error.code === "full");
});
