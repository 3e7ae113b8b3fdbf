// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { Log, type GapLine } from "../src/log.js";
import type { Comment, Hello, Message } from "../src/messages.js";
import { comment, EPOCH, told } from "./world.js";

const hello = (seq: number, more: Partial<Hello> = {}): Hello => ({ type: "hello", epoch: EPOCH, seq, latest: seq, ...more });

function logAt(seq: number, window = 100): Log {
  const log = new Log(window);
  log.apply(hello(seq));
  return log;
}

function feed(log: Log, ...messages: Message[]): void {
  for (const message of messages) assert.notEqual(log.apply(message), "hole", JSON.stringify(message));
}

const texts = (log: Log): string[] => told(log.lines);
const retract = (seq: number, seqs: number[], more = {}): Message => ({ type: "retract", stream: "demo", seq, prev: seq - 1, seqs, ...more });
const restore = (seq: number, comments: Comment[], more = {}): Message => ({ type: "restore", stream: "demo", seq, prev: seq - 1, comments, ...more });

test("events in order become lines and move the cursor", () => {
  const log = logAt(4071);
  feed(log, comment(4072), comment(4075, 4072));
  assert.deepEqual(texts(log), ["text 4072", "text 4075"]);
  assert.equal(log.cursor, "k3f9.4075");
});

test("an event we have is dropped, whatever it says", () => {
  const log = logAt(0);
  feed(log, comment(1), comment(2));
  assert.equal(log.apply(comment(2, 1, { text: "again" })), "ignored");
  assert.equal(log.apply(comment(1, 0)), "ignored");
  assert.deepEqual(texts(log), ["text 1", "text 2"]);
  assert.equal(log.last, 2);
});

test("prev beyond last without a gap is a hole, and changes nothing", () => {
  const log = logAt(0);
  feed(log, comment(1));
  assert.equal(log.apply(comment(4, 3)), "hole");
  assert.deepEqual(texts(log), ["text 1"]);
  assert.equal(log.cursor, "k3f9.1");
});

test("a hole in seq with the right prev means nothing", () => {
  const log = logAt(0);
  feed(log, comment(1), comment(900, 1));
  assert.deepEqual(texts(log), ["text 1", "text 900"]);
});

test("a gap covers its hole and is told as a line; it does not move the cursor", () => {
  const log = logAt(0);
  feed(log, comment(99, 0), { type: "gap", from: 100, to: 180, carried: 9, shed: 70, removed: 1, why: "slow reader" });
  assert.equal(log.last, 99);
  feed(log, comment(181, 180));
  assert.deepEqual(texts(log), ["text 99", "-70-", "text 181"]);
});

test("acts within a gap are applied, and the cover holds until its end", () => {
  const log = logAt(0);
  feed(log, comment(99, 0), { type: "gap", from: 100, to: 180, carried: 1, shed: 79, removed: 0 });
  feed(log, retract(120, [99], { prev: 119 }), comment(181, 180));
  assert.deepEqual(texts(log), ["-79-", "text 181"]);
  assert.equal(log.apply(comment(183, 182)), "hole");
});

test("a gap that does not reach covers nothing beyond it", () => {
  const log = logAt(0);
  feed(log, comment(1), { type: "gap", from: 2, to: 5, carried: 0, shed: 4, removed: 0 });
  assert.equal(log.apply(comment(9, 8)), "hole");
});

test("a gap told twice, or two side by side, is one line", () => {
  const log = logAt(0);
  const gap: Message = { type: "gap", from: 2, to: 5, carried: 0, shed: 4, removed: 0 };
  feed(log, comment(1), gap, gap);
  assert.deepEqual(texts(log), ["text 1", "-4-"]);
  feed(log, { type: "gap", from: 6, to: 7, carried: 0, shed: 2, removed: 0 }, comment(8, 7));
  assert.deepEqual(texts(log), ["text 1", "-6-", "text 8"]);
});

test("a gap of nothing is not worth a line, and one without counts is", () => {
  const log = logAt(0);
  feed(log, { type: "gap", from: 1, to: 3, carried: 2, shed: 0, removed: 1 }, comment(4, 3));
  feed(log, { type: "gap", from: 5, to: 6, why: "expired" }, comment(7, 6));
  assert.deepEqual(texts(log), ["text 4", "-some-", "text 7"]);
});

test("resync drops what we have, says so, and takes the backfill", () => {
  const log = logAt(0);
  feed(log, comment(1), comment(2));
  feed(log, hello(40, { epoch: "new1", latest: 42 }), { type: "resync", epoch: "new1", seq: 42, why: "epoch" });
  feed(log, comment(41, 40), comment(42, 41));
  assert.deepEqual(texts(log), ["-some-", "text 41", "text 42"]);
  assert.equal(log.cursor, "new1.42");
});

test("resync to an earlier place of the same epoch goes back", () => {
  const log = logAt(100);
  feed(log, comment(101));
  feed(log, hello(7), { type: "resync", epoch: EPOCH, seq: 9, why: "ahead" }, comment(8), comment(9));
  assert.deepEqual(texts(log), ["-some-", "text 8", "text 9"]);
});

test("a retract removes, and wins over a comment that comes after it", () => {
  const log = logAt(0);
  feed(log, comment(1), comment(2));
  feed(log, retract(9, [2, 3], { early: true }));
  assert.deepEqual(texts(log), ["text 1"]);
  assert.equal(log.last, 2, "an early copy does not move the cursor");
  feed(log, comment(3), comment(4), retract(9, [2, 3], { prev: 4 }));
  assert.deepEqual(texts(log), ["text 1", "text 4"]);
  assert.equal(log.last, 9);
});

test("a retract of a user or of everything reaches up to its place only", () => {
  const log = logAt(0);
  const bob = { id: "u2", name: "Bob" };
  feed(log, comment(1), comment(2, 1, { user: bob }), comment(3, 2, { user: bob }));
  feed(log, { type: "retract", stream: "demo", seq: 4, prev: 3, user_id: "u2", upto: 2 });
  assert.deepEqual(texts(log), ["text 1", "text 3"]);
  feed(log, comment(5, 4), { type: "retract", stream: "demo", seq: 6, prev: 5, all: true, upto: 4 });
  assert.deepEqual(texts(log), ["text 5"]);
});

test("of two acts the greater seq wins, in whichever order they come", () => {
  const acts = [retract(10, [1], { early: true }), restore(11, [comment(1)], { early: true }), retract(12, [1], { early: true })];
  for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
    const log = logAt(0);
    feed(log, comment(1), comment(2), ...order.map((at) => acts[at] as Message));
    assert.deepEqual(texts(log), ["text 2"], String(order));
  }
  const log = logAt(0);
  feed(log, comment(1), comment(2), acts[1] as Message, acts[0] as Message);
  assert.deepEqual(texts(log), ["text 1", "text 2"]);
});

test("a restored comment takes its old place", () => {
  const log = logAt(0);
  feed(log, comment(1), comment(2), comment(3), retract(4, [2]), restore(5, [comment(2)]));
  assert.deepEqual(texts(log), ["text 1", "text 2", "text 3"]);
});

test("removed moves the cursor and stands for nothing; a restore after it stays", () => {
  const log = logAt(0);
  feed(log, comment(1), { type: "removed", stream: "demo", seq: 2, prev: 1 }, restore(3, [comment(2, 1)]));
  assert.deepEqual(texts(log), ["text 1", "text 2"]);
});

test("pins: hello's hold up to latest, later acts change them, a retract unpins", () => {
  const log = new Log(100);
  log.apply(hello(0, { latest: 3, pins: [comment(1)] }));
  feed(log, comment(1), { type: "unpin", stream: "demo", seq: 3, prev: 1, target: 1 });
  assert.deepEqual(log.facts.pins.map(({ seq }) => seq), [1]);
  feed(log, comment(4, 3), { type: "pin", stream: "demo", seq: 5, prev: 4, target: 4, comment: comment(4) });
  assert.deepEqual(log.facts.pins.map(({ seq }) => seq), [1, 4]);
  feed(log, retract(6, [4]));
  assert.deepEqual(log.facts.pins.map(({ seq }) => seq), [1]);
});

test("settings, state, presence and tier are facts; what hello knew is not undone by the past", () => {
  const log = new Log(100);
  log.apply(hello(0, { latest: 2, slow: 5, modes: ["links_off"], state: "live", viewers: 3, tier: "push" }));
  feed(log, { type: "settings", stream: "demo", seq: 1, prev: 0, slow: 60, modes: [] });
  assert.equal(log.facts.slow, 5);
  feed(log, { type: "settings", stream: "demo", seq: 3, prev: 1, slow: 10, modes: ["unique"] });
  feed(log, { type: "stream", stream: "demo", seq: 4, prev: 3, state: "ended" });
  feed(log, { type: "presence", viewers: 120_034, approx: true });
  const { slow, modes, state, viewers, viewers_approx } = log.facts;
  assert.deepEqual({ slow, modes, state, viewers, viewers_approx }, { slow: 10, modes: ["unique"], state: "ended", viewers: 120_034, viewers_approx: true });
});

test("a digest moves the cursor to its end and tells what it left out", () => {
  const log = logAt(0);
  feed(log, comment(1), { type: "digest", from: 2, to: 40, carried: 1, shed: 38, removed: 0, events: [comment(20, 19)] });
  assert.deepEqual(texts(log), ["text 1", "-38-", "text 20"]);
  assert.equal(log.last, 40);
  feed(log, { type: "mark", seq: 55 });
  assert.equal(log.last, 55);
});

test("our own comment is admitted ahead of the cursor, once, and in its place", () => {
  const log = logAt(0);
  feed(log, comment(1));
  assert.equal(log.admit(comment(3, 2, { text: "mine" }), "cid:x"), true);
  assert.equal(log.last, 1);
  feed(log, comment(2), comment(3, 2, { text: "mine" }), comment(4));
  assert.deepEqual(texts(log), ["text 1", "text 2", "mine", "text 4"]);
  assert.equal(log.lines[2]?.key, "cid:x");
});

test("memory is bounded: the oldest lines go, and do not come back", () => {
  const log = logAt(0, 10);
  for (let seq = 1; seq <= 1_000; seq++) feed(log, comment(seq));
  assert.equal(log.lines.length, 10);
  assert.equal(texts(log)[0], "text 991");
  assert.equal(log.admit(comment(5)), false);
});

test("held lines stay while the newest come, within twice the window", () => {
  const log = logAt(0, 10);
  for (let seq = 1; seq <= 10; seq++) feed(log, comment(seq));
  log.hold();
  for (let seq = 11; seq <= 500; seq++) feed(log, comment(seq));
  assert.equal(log.arrived_while_held, 490);
  assert.deepEqual(texts(log).slice(0, log.held_count), Array.from({ length: 10 }, (_, i) => `text ${i + 1}`));
  assert.ok(log.lines.length <= 20);
  feed(log, retract(501, [3]));
  assert.ok(!texts(log).includes("text 3"), "what a moderator removes goes from held lines too");
  log.release();
  assert.equal(texts(log)[0], "text 491", "no seam between old and new");
});

test("a gap is filled from its newer end", () => {
  const log = logAt(0);
  feed(log, comment(1), { type: "gap", from: 2, to: 9, carried: 0, shed: 8, removed: 0, history: "/v1/..." }, comment(10, 9));
  const gap = log.lines[1] as GapLine;
  assert.equal(gap.can_fill, true);
  log.fill(gap, [comment(7), comment(8), comment(9)], true);
  assert.deepEqual(texts(log), ["text 1", "-5-", "text 7", "text 8", "text 9", "text 10"]);
  log.fill(log.lines[1] as GapLine, [comment(1), comment(2), comment(3), comment(4), comment(5), comment(6)], false);
  assert.deepEqual(texts(log), Array.from({ length: 10 }, (_, i) => `text ${i + 1}`));
});

test("unknown events have a place and nothing else; unknown signals are ignored", async () => {
  const { readMessage } = await import("../src/messages.js");
  const log = logAt(0);
  const odd = readMessage({ type: "poem", stream: "demo", seq: 1, prev: 0, lines: 3 });
  assert.equal(log.apply(odd as Message), "applied");
  assert.equal(log.last, 1);
  for (const bad of [{ type: "weather", hot: true }, { type: "hello", epoch: 3 }, { type: "gap" }, null, [], "x", { seq: 4 }]) {
    assert.equal(readMessage(bad), undefined);
  }
});
