// SPDX-License-Identifier: Apache-2.0
// What acts of moderation do to a reader's lines, pins and facts: docs/protocol.md, section 6.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Log } from "../src/log.js";
import { readMessage, type Comment, type LogEvent, type Message } from "../src/messages.js";
import { comment, EPOCH, told } from "./world.js";

const ann = { id: "u1", name: "Ann" };
const bob = { id: "u2", name: "Bob" };

function logAt(seq: number, keeps: (user: { id: string }) => boolean = () => false): Log {
  const log = new Log(100, () => undefined, keeps);
  log.apply({ type: "hello", epoch: EPOCH, seq, latest: seq });
  return log;
}

const texts = (log: Log): string[] => told(log.lines);
const pins = (log: Log): number[] => log.facts.pins.map(({ seq }) => seq);
const early = <T extends LogEvent>(event: T): T => ({ ...event, early: true });

type Fields = Readonly<Record<string, unknown>>;
const act = (type: string, seq: number, more: Fields): LogEvent => {
  const message = readMessage({ type, stream: "demo", seq, prev: seq - 1, ...more });
  assert.equal(message?.type, type, "the parser takes it");
  return message as LogEvent;
};
const retract = (seq: number, ...seqs: number[]): LogEvent => act("retract", seq, { seqs });
const purge = (seq: number, user_id: string, upto: number): LogEvent => act("retract", seq, { user_id, upto });
const clear = (seq: number, upto: number): LogEvent => act("retract", seq, { all: true, upto });
const restore = (seq: number, ...comments: unknown[]): LogEvent => act("restore", seq, { comments });
const pin = (seq: number, target: number, pinned: unknown = comment(target)): LogEvent => act("pin", seq, { target, comment: pinned });
const redacted = (seq: number): Message => ({ type: "removed", stream: "demo", seq, prev: seq - 1 });

function feed(log: Log, ...messages: Message[]): void {
  for (const message of messages) assert.notEqual(log.apply(message), "hole", JSON.stringify(message));
}

function orders<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, at) => orders([...items.slice(0, at), ...items.slice(at + 1)]).map((rest) => [item, ...rest]));
}

/** Every order in which early copies may come, and then all of them in order, as the log has them. */
function everyWay(acts: readonly LogEvent[], begin: () => Log, check: (log: Log, way: string) => void): void {
  for (const order of orders(acts)) {
    const log = begin();
    feed(log, ...order.map(early));
    check(log, `early: ${order.map(({ seq }) => seq).join()}`);
    for (const event of acts) feed(log, { ...event, prev: log.last });
    check(log, `then in order, after ${order.map(({ seq }) => seq).join()}`);
    assert.equal(log.last, acts.at(-1)?.seq);
  }
}

test("by seqs, by user, everything, and restored between: the greatest seq wins in every order", () => {
  const begin = (): Log => {
    const log = logAt(0);
    feed(log, comment(1, 0, { user: ann }), comment(2, 1, { user: bob }), comment(3, 2, { user: bob }), comment(4, 3, { user: ann }));
    return log;
  };
  everyWay([purge(10, "u2", 4), restore(11, comment(2, 1, { user: bob })), retract(12, 1)], begin, (log, way) =>
    assert.deepEqual(texts(log), ["text 2", "text 4"], way),
  );
  everyWay([restore(10, comment(1)), clear(11, 3), restore(12, comment(3, 2, { user: bob }))], begin, (log, way) =>
    assert.deepEqual(texts(log), ["text 3", "text 4"], way),
  );
  everyWay([clear(10, 4), restore(11, comment(1), comment(4, 3)), purge(12, "u1", 1)], begin, (log, way) =>
    assert.deepEqual(texts(log), ["text 4"], way),
  );
});

test("a removal wins over the comment that comes after it, whichever way it names it", () => {
  for (const removal of [retract(9, 2), purge(9, "u2", 8), clear(9, 2)]) {
    const log = logAt(1);
    feed(log, early(removal));
    assert.equal(log.admit(comment(2, 1, { user: bob })), false, "nor by the answer to its post");
    feed(log, comment(2, 1, { user: bob }));
    assert.deepEqual(texts(log), [], JSON.stringify(removal));
    assert.equal(log.last, 2, "its place is passed");
  }
});

test("what came after a purge or a clear was not meant by it", () => {
  const log = logAt(0);
  feed(log, comment(1, 0, { user: bob }), purge(2, "u2", 1), comment(3, 2, { user: bob }), clear(4, 1), comment(5));
  assert.deepEqual(texts(log), ["text 3", "text 5"]);
});

test("a page of history brings back nothing that was removed", () => {
  const log = logAt(0);
  feed(log, { type: "gap", from: 1, to: 5, shed: 5, why: "behind", history: "/v1/.." }, comment(6, 5), retract(7, 2));
  const gap = log.lines[0];
  assert.ok(gap?.kind === "gap");
  log.fill(gap, [comment(1), comment(2), comment(3)], false);
  assert.deepEqual(texts(log), ["text 1", "text 3", "text 6"]);
});

test("removed in a comment's place moves the cursor; its restore comes later or came before", () => {
  const log = logAt(0);
  feed(log, comment(1), early(restore(5, comment(2))), redacted(2), comment(3), retract(4, 2), restore(5, comment(2)));
  assert.deepEqual(texts(log), ["text 1", "text 2", "text 3"]);
  assert.equal(log.last, 5);
});

test("what is redacted within a restore stays away; the others come back", () => {
  const log = logAt(0);
  feed(log, comment(1), comment(2), retract(3, 1, 2), restore(4, { type: "removed", stream: "demo", seq: 1, prev: 0 }, comment(2)));
  assert.deepEqual(texts(log), ["text 2"]);
  assert.equal(log.last, 4);
});

test("pins: redacted in hello, in a pin, by a removal; back with the comment", () => {
  const log = logAt(0);
  const hello = readMessage({ type: "hello", epoch: EPOCH, seq: 0, latest: 2, pins: [redacted(1), comment(2)] });
  feed(log, hello as Message);
  assert.deepEqual(pins(log), [2]);
  feed(log, comment(1), comment(2), comment(3), pin(4, 3), retract(5, 3));
  assert.deepEqual(pins(log), [2]);
  feed(log, restore(6, comment(3)));
  assert.deepEqual(pins(log), [2, 3]);
  feed(log, act("unpin", 7, { target: 3 }), retract(8, 3), restore(9, comment(3)));
  assert.deepEqual(pins(log), [2], "what was unpinned is not pinned by its restore");
  feed(log, pin(10, 1, redacted(1)));
  assert.deepEqual(pins(log), [2]);
});

test("a pin that comes after the removal of its comment shows nothing; of pin and unpin the greater seq wins", () => {
  const begin = (): Log => {
    const log = logAt(0);
    feed(log, comment(1), comment(2));
    return log;
  };
  everyWay([pin(10, 1), retract(11, 1)], begin, (log, way) => assert.deepEqual(pins(log), [], way));
  everyWay([pin(10, 1), act("unpin", 11, { target: 1 }), pin(12, 2)], begin, (log, way) => assert.deepEqual(pins(log), [2], way));
  everyWay([act("unpin", 10, { target: 1 }), pin(11, 1)], begin, (log, way) => assert.deepEqual(pins(log), [1], way));
});

test("settings and state: the greatest seq wins, early or not, and hello knows all up to its latest", () => {
  const acts = [
    act("settings", 10, { slow: 30, modes: ["links_off"], shield: true }),
    act("settings", 11, { slow: 0, modes: [], shield: false }),
    act("stream", 12, { state: "paused" }),
    act("stream", 13, { state: "live" }),
  ];
  everyWay(acts, () => logAt(9), (log, way) => {
    const { slow, modes, shield, state } = log.facts;
    assert.deepEqual({ slow, modes, shield, state }, { slow: 0, modes: [], shield: false, state: "live" }, way);
  });
});

test("a removed comment leaves its text nowhere, and a line for whom it concerns", () => {
  const log = logAt(0, (user) => user.id === "u1");
  feed(log, comment(1, 0, { user: ann }), comment(2, 1, { user: bob }), comment(3, 2, { user: ann }), clear(4, 2));
  assert.deepEqual(texts(log), ["~Ann removed~", "text 3"]);
  const [line] = log.lines;
  assert.ok(line?.kind === "removed");
  assert.deepEqual({ seq: line.seq, act: line.act, key: line.key }, { seq: 1, act: 4, key: "k3f9.1" });
  assert.doesNotMatch(JSON.stringify(log), /text [12]"/);
  feed(log, restore(5, comment(1, 0, { user: ann })));
  assert.deepEqual(texts(log), ["text 1", "text 3"]);
  assert.equal(log.lines[0]?.key, "k3f9.1", "a screen keeps its element");
});

test("a comment held back to be looked at says so, until it is decided or back", () => {
  for (const [type, said] of [["approved", "~Ann held~"], ["rejected", "~Ann removed~"]] as const) {
    const log = logAt(0, () => true);
    feed(log, comment(1), retract(2, 1));
    assert.equal(log.judge({ type: "held", id: "id-1" }), true);
    assert.deepEqual(texts(log), ["~Ann held~"]);
    assert.equal(log.judge({ type, id: "id-1" }), type === "rejected");
    assert.deepEqual(texts(log), [said], "never for a moment as removed that was approved");
    feed(log, restore(3, comment(1)));
    assert.deepEqual(texts(log), ["text 1"]);
    feed(log, retract(4, 1));
    assert.deepEqual(texts(log), ["~Ann removed~"], "removed anew, it waits for nobody");
  }
  const log = logAt(0, () => true);
  assert.equal(log.judge({ type: "held", id: "id-1" }), false);
  feed(log, comment(1), retract(2, 1));
  assert.deepEqual(texts(log), ["~Ann held~"], "the notice may come first");
});

test("held back, restored, then removed: nobody waits for it any more", () => {
  const log = logAt(0, () => true);
  feed(log, comment(1), retract(2, 1));
  log.judge({ type: "held", id: "id-1" });
  assert.deepEqual(texts(log), ["~Ann held~"]);
  feed(log, restore(3, comment(1)), retract(4, 1));
  assert.deepEqual(texts(log), ["~Ann removed~"]);
});

test("our own comment, removed before the answer to its post came, is told as removed", () => {
  const log = logAt(0, () => true);
  feed(log, early(retract(9, 1)));
  const mine: Comment = comment(1, 0);
  assert.equal(log.admit(mine, "cid:x"), false);
  assert.deepEqual(log.lines.map(({ kind, key }) => [kind, key]), [["removed", "cid:x"]]);
});

test("thousands of removals in any order keep memory bounded and the lines right", () => {
  const log = new Log(500);
  log.apply({ type: "hello", epoch: EPOCH, seq: 0, latest: 0 });
  const raid = Array.from({ length: 4_000 }, (_, i) => i + 1);
  for (const seq of raid) feed(log, comment(seq));
  feed(log, early(retract(4_002, ...raid.slice(2_000))), early(retract(4_001, ...raid.slice(0, 2_000))));
  assert.deepEqual(texts(log), []);
  feed(log, early(restore(4_003, comment(4_000))));
  assert.deepEqual(texts(log), ["text 4000"]);
});
