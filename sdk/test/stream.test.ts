// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem, type Stream } from "../src/index.js";
import { comment, EPOCH, keeper, settled, told, World } from "./world.js";

const texts = (stream: Stream): string[] => told(stream.lines);
const refused = (code: string, status: number, retry_ms?: number) =>
  ({ why: "refused", problem: new Problem(code as "full", status, code, retry_ms) }) as const;
const names = (world: World): string[] => world.attempts.map(({ name }) => name);

/** A token that ends at a time, as far as anybody without the key can tell. */
function tokenUntil(ms: number, name = "t"): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part({ sub: name, exp: Math.floor(ms / 1_000) })}.x`;
}

function live(world: World, seq = 0, options = {}): Stream {
  const stream = world.stream(options);
  world.attempt.hello(seq);
  return stream;
}

test("connects with a backfill, and is live with the hello", () => {
  const world = new World();
  const stream = world.stream({ tail: 20 });
  assert.equal(stream.status.phase, "connecting");
  assert.deepEqual({ after: world.attempt.plan.after, tail: world.attempt.plan.tail }, { after: undefined, tail: 20 });
  world.attempt.hello(10, { latest: 12 });
  world.attempt.say(comment(11), comment(12));
  assert.equal(stream.status.phase, "live");
  assert.deepEqual(texts(stream), ["text 11", "text 12"]);
});

test("after a drop it resumes by cursor: no gap, no double", async () => {
  const world = new World();
  const stream = live(world);
  world.attempt.say(comment(1), comment(2));
  world.attempt.end({ why: "closed", code: 1006 });
  assert.equal(stream.status.phase, "waiting");
  await world.clock.advance(1_000);
  assert.equal(world.attempt.plan.after, "k3f9.2");
  world.attempt.hello(2, { resumed: true, latest: 4 });
  world.attempt.say(comment(2), comment(3), comment(4));
  assert.deepEqual(texts(stream), ["text 1", "text 2", "text 3", "text 4"]);
});

test("many drops at random places still give every comment once, in order", async () => {
  const world = new World();
  const stream = live(world, 0, { window: 1_000 });
  let seed = 7;
  const chance = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (let round = 0; round < 500 && stream.cursor !== "k3f9.500"; round++) {
    const { attempt } = world;
    const from = Number(attempt.plan.after?.split(".")[1] ?? 0);
    attempt.hello(from, { resumed: true });
    // What is sent again, or left out, is for the client to sort out.
    for (let seq = Math.max(1, from - Math.floor(chance() * 5)); seq <= 500 && !attempt.is_closed; seq++) {
      if (chance() < 0.03) continue;
      attempt.say(comment(seq));
      if (chance() < 0.05) attempt.end({ why: "closed" });
    }
    if (!attempt.is_closed) attempt.end({ why: "closed" });
    await world.clock.advance((stream.status.retry_at ?? world.clock.now()) - world.clock.now());
  }
  assert.deepEqual(texts(stream), Array.from({ length: 500 }, (_, i) => `text ${i + 1}`));
});

test("a hole makes it resume at once from the last it has; again without progress it waits", async () => {
  const world = new World();
  const stream = live(world);
  world.attempt.say(comment(1), comment(5, 4));
  assert.equal(world.attempts.length, 2);
  assert.equal(world.attempts[0]?.is_closed, true);
  assert.equal(world.attempt.plan.after, "k3f9.1");
  world.attempt.hello(1);
  world.attempt.say(comment(5, 4));
  assert.equal(stream.status.phase, "waiting");
  assert.deepEqual(texts(stream), ["text 1"]);
});

test("a gap that the server tells is a line, not a hole", () => {
  const world = new World();
  const stream = live(world);
  world.attempt.say(comment(1), { type: "gap", from: 2, to: 900, carried: 0, shed: 899, removed: 0, why: "behind" }, comment(901, 900));
  assert.equal(world.attempts.length, 1);
  assert.deepEqual(texts(stream), ["text 1", "-899-", "text 901"]);
});

test("another epoch: what we had goes, it is told, and pending lines stay", async () => {
  const world = new World();
  world.respond = () => new Promise(() => undefined);
  const stream = live(world);
  world.attempt.say(comment(1));
  stream.post({ text: "mine" });
  world.attempt.end({ why: "closed" });
  await world.clock.advance(1_000);
  world.attempt.say({ type: "hello", epoch: "zz", seq: 6, latest: 7 }, { type: "resync", epoch: "zz", seq: 7, why: "epoch" }, comment(7, 6));
  assert.deepEqual(texts(stream), ["-some-", "text 7", "mine?pending"]);
  assert.equal(stream.cursor, "zz.7");
});

test("WebSocket, else server-sent events, else polling; what works is remembered", async () => {
  const world = new World();
  const stream = world.stream();
  world.attempt.end({ why: "unsupported", detail: "proxy" });
  world.attempt.end({ why: "unsupported", detail: "buffered" });
  assert.deepEqual(names(world), ["websocket", "sse", "poll"]);
  world.attempt.hello(0);
  assert.equal(stream.status.transport, "poll");
  assert.equal(world.note, "poll");
  world.attempt.end({ why: "closed" });
  await world.clock.advance(1_000);
  assert.equal(world.attempt.name, "poll");

  const next = new World();
  next.note = "sse";
  next.stream();
  assert.equal(next.attempt.name, "sse");
});

test("a connection that brings no hello in time does not work either", async () => {
  const world = new World();
  world.stream();
  await world.clock.advance(10_000);
  assert.deepEqual(names(world), ["websocket", "sse"]);
  assert.equal(world.attempts[0]?.is_closed, true);
});

test("one that worked is given three tries before another takes its place", async () => {
  const world = new World();
  live(world);
  world.attempt.end({ why: "closed" });
  for (let i = 0; i < 3; i++) {
    await world.clock.advance(10_000 - 1);
    assert.equal(world.attempt.name, "websocket", `try ${i}`);
    world.attempt.end({ why: "unsupported", detail: "" });
  }
  assert.equal(world.attempt.name, "sse");
});

test("after ten minutes on a fallback the first choice is tried again", async () => {
  const world = new World();
  world.note = "poll";
  live(world);
  await world.clock.advance(600_000);
  world.attempt.end({ why: "closed" });
  await world.clock.advance(1_000);
  assert.equal(world.attempt.name, "websocket");
});

test("nobody answers: it waits, longer each time, within bounds, and starts with the best again", async () => {
  const world = new World();
  const stream = world.stream();
  const waits: number[] = [];
  for (let i = 0; i < 10; i++) {
    world.attempt.end({ why: "unsupported", detail: "" });
    world.attempt.end({ why: "unreachable" });
    const wait = (stream.status.retry_at ?? 0) - world.clock.now();
    waits.push(wait);
    await world.clock.advance(wait);
    assert.equal(world.attempt.name, "websocket");
  }
  waits.forEach((wait, i) => {
    const ceiling = Math.min(30_000, 1_000 * 2 ** i);
    assert.ok(wait >= ceiling / 2 && wait <= ceiling, `wait ${i} is ${wait}`);
  });
});

test("a 503 or 429 with Retry-After is obeyed, on the same transport", async () => {
  for (const [code, status] of [["full", 503], ["conns_address", 429]] as const) {
    const world = new World();
    const stream = world.stream();
    world.attempt.end(refused(code, status, 12_000));
    assert.equal(stream.status.problem?.code, code);
    await world.clock.advance(11_999);
    world.happen("visible");
    assert.equal(world.attempts.length, 1, "looking at the page does not make it sooner");
    await world.clock.advance(2_001);
    assert.deepEqual(names(world), ["websocket", "websocket"]);
  }
});

test("a no is a no: it stops and says why", () => {
  for (const [code, status] of [["no_stream", 404], ["banned", 403], ["bad_name", 400]] as const) {
    const world = new World();
    const stream = world.stream();
    world.attempt.end(refused(code, status));
    assert.equal(stream.status.phase, "stopped");
    assert.equal(stream.status.problem?.code, code);
    assert.equal(world.clock.next_ms, undefined);
  }
});

test("a bad cursor is given up, once", () => {
  const world = new World();
  const stream = live(world, 5);
  stream.reconnect();
  world.attempt.end(refused("bad_cursor", 400));
  assert.equal(world.attempt.plan.after, undefined);
  world.attempt.end(refused("bad_cursor", 400));
  assert.equal(stream.status.phase, "stopped");
});

test("goaway: it leaves at once and comes back when told", async () => {
  const world = new World();
  const stream = live(world);
  world.attempt.say({ type: "goaway", retry_ms: 3_120, reason: "drain" });
  assert.equal(world.attempt.is_closed, true);
  assert.equal(stream.status.phase, "waiting");
  await world.clock.advance(3_119);
  assert.equal(world.attempts.length, 1);
  await world.clock.advance(1_000);
  assert.equal(world.attempts.length, 2);
});

test("replaced by a newer connection it does not fight; visible again it returns", async () => {
  const world = new World();
  const stream = live(world);
  world.attempt.end({ why: "closed", code: 4003 });
  assert.equal(stream.status.phase, "stopped");
  await world.clock.advance(120_000);
  assert.equal(world.attempts.length, 1);
  world.happen("visible");
  assert.equal(world.attempts.length, 2);
});

test("watchdog: silence for two heartbeats is a dead connection", async () => {
  const world = new World();
  const stream = live(world);
  await world.clock.advance(10_000);
  assert.deepEqual(world.attempt.beats, ["watching"]);
  await world.clock.advance(9_999);
  assert.equal(stream.status.phase, "live");
  await world.clock.advance(1);
  assert.equal(stream.status.phase, "waiting");
});

test("watchdog: a sign of life now and then is enough", async () => {
  const world = new World();
  const stream = live(world, 0, { transports: ["sse"] });
  for (let i = 0; i < 40; i++) {
    await world.clock.advance(15_000);
    world.attempt.heard();
  }
  assert.equal(stream.status.phase, "live");
  assert.equal(world.attempts.length, 1);
});

test("watchdog: polling watches itself", async () => {
  const world = new World();
  const stream = live(world, 0, { transports: ["poll"] });
  await world.clock.advance(120_000);
  assert.equal(stream.status.phase, "live");
});

test("online or visible again while live: it has five seconds to show that it lives", async () => {
  for (const what of ["online", "visible"] as const) {
    const world = new World();
    const stream = live(world);
    world.happen(what);
    assert.deepEqual(world.attempt.beats, ["watching"]);
    world.attempt.heard();
    await world.clock.advance(9_000);
    assert.equal(stream.status.phase, "live");
    world.happen(what);
    await world.clock.advance(5_000);
    assert.equal(stream.status.phase, "waiting");
  }
});

test("online or visible again while waiting: it tries now", () => {
  for (const what of ["online", "visible"] as const) {
    const world = new World();
    live(world).reconnect();
    world.attempt.end({ why: "unreachable" });
    const before = world.attempts.length;
    world.happen(what);
    assert.equal(world.attempts.length, before + 1);
  }
});

test("hidden and visible again are told in beats, for presence", async () => {
  const world = new World();
  live(world);
  world.happen("hidden");
  await world.clock.advance(10_000);
  world.happen("visible");
  assert.deepEqual(world.attempt.beats, ["hidden", "hidden", "watching"]);
});

test("offline is known at once, and said until there is a connection again", () => {
  const world = new World();
  const stream = live(world);
  world.happen("offline");
  assert.equal(stream.status.phase, "waiting");
  assert.equal(stream.status.is_offline, true);
  world.happen("online");
  world.attempt.hello(0);
  assert.deepEqual([stream.status.phase, stream.status.is_offline], ["live", false]);
});

test("a line is confirmed by its answer and by its event, in either order, once", async () => {
  for (const event_first of [true, false]) {
    const world = new World();
    const respond = keeper(2);
    let let_go: () => void = () => undefined;
    world.respond = (asked) => {
      const answer = respond(asked);
      return event_first ? new Promise((resolve) => (let_go = () => resolve(answer))) : answer;
    };
    const stream = live(world);
    world.attempt.say(comment(1));
    const cid = stream.post({ text: "mine" });
    assert.deepEqual(texts(stream), ["text 1", "mine?pending"]);
    const key = stream.lines.at(-1)?.key;
    await settled();
    const event = { ...(respond.kept.get(cid) ?? comment(3)), prev: 2 };
    if (event_first) {
      world.attempt.say(comment(2), event);
      let_go();
      await settled();
    } else {
      assert.deepEqual(texts(stream), ["text 1", "mine"]);
      world.attempt.say(comment(2), event);
    }
    world.attempt.say(comment(4));
    assert.deepEqual(texts(stream), ["text 1", "text 2", "mine", "text 4"]);
    assert.equal(stream.lines[2]?.key, key, "the line keeps its key");
  }
});

test("the answer is lost, the comment was kept: the same cid again, one line", async () => {
  const world = new World();
  const respond = keeper(0);
  let calls = 0;
  world.respond = (asked) => {
    const answer = respond(asked);
    if (++calls === 1) throw new TypeError("network");
    return answer;
  };
  const stream = live(world);
  const cid = stream.post({ text: "mine" });
  await world.clock.advance(2_000);
  assert.deepEqual(world.posts.map(({ body }) => body["cid"]), [cid, cid]);
  world.attempt.say({ ...(respond.kept.get(cid) ?? comment(1)), prev: 0 });
  assert.deepEqual(texts(stream), ["mine"]);
  assert.equal(respond.kept.size, 1);
});

test("a post that nobody answers is given up, and sent again under its cid", async () => {
  const world = new World();
  const respond = keeper(0);
  const cids: unknown[] = [];
  world.respond = (asked) => {
    cids.push(asked.body["cid"]);
    const answer = respond(asked);
    return cids.length === 1 ? new Promise<never>(() => undefined) : answer;
  };
  const stream = live(world);
  const cid = stream.post({ text: "mine" });
  await world.clock.advance(19_000);
  assert.deepEqual([texts(stream), cids], [["mine?pending"], [cid]]);
  await world.clock.advance(10_000);
  assert.deepEqual([texts(stream), cids], [["mine"], [cid, cid]]);
});

test("written while offline: sent when the connection is back", async () => {
  const world = new World();
  const respond = keeper(0);
  let is_up = false;
  world.respond = (asked) => {
    if (!is_up) throw new TypeError("network");
    return respond(asked);
  };
  const stream = live(world);
  world.happen("offline");
  stream.post({ text: "mine" });
  await settled();
  assert.deepEqual(texts(stream), ["mine?pending"]);
  is_up = true;
  world.happen("online");
  world.attempt.hello(0);
  await settled();
  assert.deepEqual(texts(stream), ["mine"]);
});

test("an expired token is renewed and the request repeated, once for all that found it so", async () => {
  const world = new World();
  const reasons: string[] = [];
  world.respond = ({ headers, body }) =>
    headers["authorization"] === "Bearer new"
      ? { status: 201, body: { id: "i", seq: 1, epoch: EPOCH, state: "visible", comment: comment(1, 0, { text: String(body["text"]) }) } }
      : { status: 401, body: { code: "expired_token" } };
  const stream = live(world, 0, { token: (reason: string) => (reasons.push(reason), reason === "first" ? "old" : "new") });
  stream.post({ text: "a" });
  await world.clock.advance(0);
  assert.deepEqual(texts(stream), ["a"]);
  assert.deepEqual(reasons, ["first", "expired"]);
});

test("a token that nobody can renew is a failure by name", async () => {
  const world = new World();
  world.respond = () => ({ status: 401, body: { code: "expired_token", detail: "it ended" } });
  const stream = live(world, 0, { token: "old" });
  stream.post({ text: "a" });
  await world.clock.advance(0);
  const line = stream.lines[0];
  assert.deepEqual(line?.kind === "own" && [line.state, line.problem?.code], ["failed", "expired_token"]);
});

test("token ended: goaway or 4001 renews, and it resumes at once", async () => {
  for (const how of ["goaway", "4001"]) {
    const world = new World();
    const reasons: string[] = [];
    const stream = live(world, 0, { token: (reason: string) => (reasons.push(reason), "t") });
    await settled();
    world.attempt.say(comment(1));
    if (how === "goaway") world.attempt.say({ type: "goaway", reason: "token_expired", retry_ms: 0 });
    else world.attempt.end({ why: "closed", code: 4001 });
    await settled();
    assert.equal(reasons.at(-1), "expired");
    assert.equal(world.attempts.length, 2);
    assert.equal(world.attempt.plan.after, "k3f9.1");
    world.attempt.hello(1);
    assert.equal(stream.status.phase, "live");
  }
});

test("a server to whom every token has ended is not asked in a loop", async () => {
  const world = new World();
  const stream = live(world, 0, { token: () => "t" });
  await settled();
  for (let i = 0; i < 20 && stream.status.phase !== "waiting"; i++) {
    world.attempt.end({ why: "closed", code: 4001 });
    await settled();
    if (stream.status.phase === "connecting") world.attempt.hello(0);
  }
  assert.equal(stream.status.phase, "waiting");
  assert.ok(world.attempts.length <= 3);
});

test("a token is renewed before it ends, and the connection goes on", async () => {
  const world = new World();
  let count = 0;
  const stream = live(world, 0, { token: () => tokenUntil(world.clock.now() + 600_000, `t${count++}`) });
  await settled();
  for (let i = 0; i < 54; i++) {
    await world.clock.advance(10_000);
    world.attempt.heard();
  }
  await settled();
  assert.equal(world.attempt.auths.length, 1);
  assert.equal(world.attempts.length, 1);
  assert.equal(stream.status.phase, "live");
});

test("becoming somebody goes on under the new token without a new connection", async () => {
  const world = new World();
  let token: string | undefined;
  const stream = live(world, 0, { token: () => token });
  token = tokenUntil(world.clock.now() + 3_600_000);
  await stream.identify();
  assert.deepEqual(world.attempt.auths, [token]);
  assert.equal(world.attempts.length, 1);
});

test("a connection that may not go over to the new token is replaced by one that begins with it", async () => {
  const world = new World();
  const stream = live(world, 0, { token: () => tokenUntil(world.clock.now() + 3_600_000) });
  world.attempt.say(comment(1));
  await stream.identify();
  assert.equal(world.attempt.auths.length, 1);
  world.attempt.say({ type: "reply", ref: 1, ok: false, problem: { code: "forbidden", status: 403 } });
  assert.equal(world.attempts.length, 2);
  assert.equal(world.attempt.plan.after, "k3f9.1");
});

test("refused as nobody, let in as somebody", async () => {
  const world = new World();
  const stream = world.stream({ token: () => "t" });
  world.attempt.end(refused("no_token", 401));
  assert.equal(stream.status.phase, "stopped");
  await stream.identify();
  world.attempt.hello(0);
  assert.equal(stream.status.phase, "live");
});

test("nobody again: the connection of the one before is left", async () => {
  const world = new World();
  let token: string | undefined = tokenUntil(world.clock.now() + 3_600_000);
  const stream = live(world, 0, { token: () => token });
  token = undefined;
  await stream.identify();
  assert.equal(world.attempts[0]?.is_closed, true);
  assert.equal(world.attempts.length, 2);
});

test("fill asks history for just what is before the hole's end", async () => {
  const world = new World();
  world.respond = ({ path, query }) => {
    assert.equal(path, "/v1/streams/demo/comments");
    assert.equal(query.get("before"), "k3f9.6");
    return { status: 200, body: { epoch: EPOCH, cursor: "k3f9.6", comments: [comment(4), comment(5)], more: false } };
  };
  const stream = live(world);
  world.attempt.say(comment(1), { type: "gap", from: 2, to: 5, carried: 0, shed: 4, removed: 0, why: "behind", history: "/v1/streams/demo/comments?x" }, comment(6, 5));
  const gap = stream.lines[1];
  assert.equal(gap?.kind, "gap");
  if (gap?.kind === "gap") await stream.fill(gap);
  assert.deepEqual(texts(stream), ["text 1", "text 4", "text 5", "text 6"]);
});

test("closed is closed: no timer, no call, no connection", async () => {
  const world = new World();
  const stream = live(world);
  stream.post({ text: "a" });
  let calls = 0;
  stream.onChange(() => calls++);
  stream.close();
  const before = calls;
  world.happen("online");
  await world.clock.advance(600_000);
  assert.equal(stream.status.phase, "closed");
  assert.equal(world.attempts.length, 1);
  assert.equal(calls, before);
});

test("another lane in the same connection: a hello answers, and it goes on where we stand", async () => {
  const world = new World();
  const stream = live(world, 0, { lane: "digest" });
  assert.equal(world.attempt.plan.lane, "digest");
  world.attempt.say({ type: "digest", from: 1, to: 10, carried: 1, shed: 9, removed: 0, events: [comment(3)] });
  stream.setLane("full");
  stream.setLane("full");
  assert.deepEqual(world.attempt.lanes, ["full"]);
  world.attempt.hello(10, { resumed: true, lane: "full", latest: 12 });
  world.attempt.say(comment(11), comment(12));
  assert.equal(stream.facts.lane, "full");
  assert.deepEqual(texts(stream), ["-9-", "text 3", "text 11", "text 12"]);
  assert.equal(world.attempts.length, 1);
});

test("what the lane before had not told is told in the next one", () => {
  const world = new World();
  const stream = world.stream({ lane: "control" });
  world.attempt.hello(0, { lane: "control" });
  world.attempt.say({ type: "mark", seq: 5 });
  stream.setLane("full");
  world.attempt.hello(3, { resumed: true, lane: "full" });
  world.attempt.say(comment(4), comment(5));
  assert.deepEqual(texts(stream), ["text 4", "text 5"]);
});

test("a lane that nobody answers is asked for in a new connection", async () => {
  const world = new World();
  const stream = live(world);
  stream.setLane("readable");
  await world.clock.advance(20_000);
  assert.equal(world.attempts.length, 2);
  assert.equal(world.attempt.plan.lane, "readable");
  assert.equal(stream.lane, "readable");
});

test("where a connection cannot change its lane a new one begins, by cursor", () => {
  const world = new World();
  const stream = live(world, 0, { transports: ["sse"] });
  world.attempt.say(comment(1));
  stream.setLane("readable");
  assert.equal(world.attempts.length, 2);
  assert.deepEqual({ lane: world.attempt.plan.lane, after: world.attempt.plan.after }, { lane: "readable", after: "k3f9.1" });
});

test("a lane's gaps and marks are no holes, and an early act moves nothing", () => {
  const world = new World();
  const stream = live(world, 0, { lane: "readable" });
  world.attempt.say(comment(1), { type: "gap", from: 2, to: 9, carried: 0, shed: 8, removed: 0, why: "lane" }, comment(10, 9));
  world.attempt.say({ type: "gap", from: 11, to: 12, carried: 0, shed: 2, removed: 0, why: "lane" }, { type: "mark", seq: 12 });
  world.attempt.say({ type: "stream", stream: "demo", seq: 14, prev: 13, state: "paused", early: true });
  assert.equal(stream.facts.state, "paused");
  assert.equal(stream.cursor, "k3f9.12");
  assert.deepEqual(texts(stream), ["text 1", "-8-", "text 10", "-2-"]);
  assert.equal(world.attempts.length, 1);
});
