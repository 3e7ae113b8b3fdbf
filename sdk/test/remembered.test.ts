// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Shelf, Stream, StreamOptions } from "../src/index.js";
import type { Posted } from "../src/messages.js";
import { comment, EPOCH, settled, told, World, type Answer, type Asked } from "./world.js";

const HOUR_MS = 3_600_000;

class FakeShelf implements Shelf {
  readonly notes = new Map<string, string>();
  get(name: string): string | undefined {
    return this.notes.get(name);
  }
  set(name: string, text: string): void {
    this.notes.set(name, text);
  }
  remove(name: string): void {
    this.notes.delete(name);
  }
  get count(): number {
    return (JSON.parse(this.notes.get("roar.own") ?? "[]") as unknown[]).length;
  }
}

function tokenOf(user: string): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part({ sub: user })}.x`;
}

/** A server that holds what it is handed, and knows it by user and cid. */
class Moderated extends World {
  readonly shelf = new FakeShelf();
  readonly known = new Map<string, Partial<Posted>>();
  /** What it answers in place of itself. */
  instead: ((asked: Asked) => Answer | undefined) | undefined;
  first: Partial<Posted> = { state: "held" };
  /** How many comments it took: handed in once each. */
  taken = 0;

  override respond = (asked: Asked): Answer => {
    const other = this.instead?.(asked);
    if (other !== undefined) return other;
    if (!asked.path.endsWith("/comments")) return { status: 404, body: { code: "not_found" } };
    const key = `${asked.headers["authorization"]} ${asked.path} ${String(asked.body["cid"])}`;
    const known = this.known.get(key);
    const posted = known ?? { id: `i${++this.taken}`, epoch: EPOCH, ...this.first };
    this.known.set(key, posted);
    return { status: known === undefined ? 201 : 200, body: known === undefined ? posted : { ...posted, duplicate: true } };
  };

  /** The same page, or another: what it begins with is what the shelf has. */
  async page(user: string | undefined = "ann", options: Partial<StreamOptions> = {}): Promise<Stream> {
    const stream = this.stream({ storage: this.shelf, token: () => (user === undefined ? undefined : tokenOf(user)), ...options });
    await settled();
    return stream;
  }

  async live(user?: string, options: Partial<StreamOptions> = {}): Promise<Stream> {
    const stream = await this.page(user, options);
    this.attempt.hello(0);
    await settled();
    return stream;
  }

  decide(id: string, how: Partial<Posted>): void {
    for (const [key, posted] of this.known) if (posted.id === id) this.known.set(key, { ...posted, ...how });
  }

  /** One that was handed in, and held; its page is gone. */
  async held(...texts: string[]): Promise<string[]> {
    const stream = await this.live();
    const cids: string[] = [];
    for (const text of texts) {
      cids.push(stream.post({ text }));
      await settled();
    }
    assert.deepEqual(told(stream.lines), texts.map((text) => `${text}?held`));
    stream.close();
    return cids;
  }
}

const offline = (): Answer => {
  throw new Error("no network");
};

test("held: after a reload it waits still, before there is a connection, and is handed in again under its cid alone", async () => {
  const world = new Moderated();
  const cids = await world.held("a", "b");
  const stream = await world.page();
  assert.deepEqual(told(stream.lines), ["a?held", "b?held"]);
  assert.equal(world.posts.length, 2, "nothing is asked before the stream is there");
  world.attempt.hello(0);
  await settled();
  assert.deepEqual(told(stream.lines), ["a?held", "b?held"]);
  assert.deepEqual(world.posts.map(({ body }) => body["cid"]), [...cids, ...cids]);
  assert.equal(world.taken, 2);
  assert.equal(world.shelf.count, 2);
});

test("approved while its author was away: its line goes, and its comment is there once", async () => {
  const world = new Moderated();
  const [cid] = await world.held("a");
  const event = { ...comment(1), ...(cid === undefined ? {} : { cid }), text: "a" };
  world.decide("i1", { state: "visible", seq: 1, comment: event });
  const stream = await world.live();
  world.attempt.say(event);
  assert.deepEqual(told(stream.lines), ["a"]);
  assert.equal(world.shelf.count, 0);
});

test("approved long before what is read begins: its line goes, and it does not stand alone above a hole", async () => {
  const world = new Moderated();
  await world.held("a");
  world.decide("i1", { state: "visible", seq: 3, comment: comment(3) });
  const stream = await world.page();
  world.attempt.hello(50);
  world.attempt.say(comment(51));
  await settled();
  assert.deepEqual(told(stream.lines), ["text 51"]);
  assert.equal(world.shelf.count, 0);
});

test("rejected while its author was away: it is told once, with what an appeal needs, and forgotten", async () => {
  const world = new Moderated();
  await world.held("a");
  world.decide("i1", { state: "deleted" });
  const stream = await world.live();
  const [line] = stream.lines;
  assert.ok(line?.kind === "own");
  assert.deepEqual([line.state, line.problem?.code, line.id], ["failed", "rejected", "i1"]);
  assert.equal(world.shelf.count, 0);
  stream.close();
  assert.deepEqual((await world.live()).lines, []);
});

test("decided while the connection was lost: whoever is back asks", async () => {
  const world = new Moderated();
  const stream = await world.live();
  stream.post({ text: "a" });
  await settled();
  world.decide("i1", { state: "rejected" });
  stream.reconnect();
  world.attempt.hello(0);
  await settled();
  assert.deepEqual(told(stream.lines), ["a?failed"]);
  assert.equal(world.taken, 1);
});

test("on its way when the page went: it goes on, in order, while a try may take so long", async () => {
  const world = new Moderated();
  world.instead = offline;
  const before = await world.live();
  for (const text of ["a", "b"]) before.post({ text });
  await settled();
  before.close();
  world.instead = undefined;
  const stream = await world.live();
  await settled();
  assert.deepEqual(told(stream.lines), ["a?held", "b?held"]);
  assert.equal(world.taken, 2);
});

test("on its way or failed for longer: it has not got through, and goes when its author says so", async () => {
  const world = new Moderated();
  world.instead = offline;
  const before = await world.live();
  const cid = before.post({ text: "a" });
  await settled();
  before.close();
  await world.clock.advance(HOUR_MS);
  world.instead = undefined;
  const stream = await world.live();
  const tries = world.posts.length;
  assert.deepEqual(told(stream.lines), ["a?failed"]);
  await world.clock.advance(HOUR_MS);
  assert.equal(world.posts.length, tries);
  stream.retry(cid);
  await settled();
  assert.deepEqual(told(stream.lines), ["a?held"]);
  assert.equal(world.posts.at(-1)?.body["cid"], cid);
});

test("discarded, and refused for what it says, are forgotten", async () => {
  const world = new Moderated();
  world.instead = offline;
  const stream = await world.live();
  const cid = stream.post({ text: "a" });
  await world.clock.advance(120_000);
  assert.deepEqual(told(stream.lines), ["a?failed"]);
  assert.equal(world.shelf.count, 1);
  stream.discard(cid);
  assert.equal(world.shelf.count, 0);
  world.instead = () => ({ status: 422, body: { code: "blocked_term" } });
  stream.post({ text: "b" });
  await settled();
  assert.deepEqual(told(stream.lines), ["b?failed"]);
  assert.equal(world.shelf.count, 0);
});

test("what the server may have forgotten is never handed in by itself: it would be a second comment", async () => {
  const world = new Moderated();
  await world.held("a");
  const { time } = world.clock;
  world.clock.time = time + 23 * HOUR_MS;
  const late = await world.live();
  assert.deepEqual(late.lines, []);
  assert.equal(world.shelf.count, 0);
  assert.equal(world.posts.length, 1);
});

test("a clock that was set back makes nothing young again", async () => {
  const world = new Moderated();
  await world.held("a");
  world.clock.time -= 1;
  assert.deepEqual((await world.live()).lines, []);
  assert.equal(world.posts.length, 1);
});

test("a log of another life knows no cid: the words are there, and go when their author says so", async () => {
  const world = new Moderated();
  await world.held("a");
  const stream = await world.page();
  world.attempt.hello(0, { epoch: "other" });
  await settled();
  assert.deepEqual(told(stream.lines), ["a?failed"]);
  assert.equal(world.posts.length, 1);
});

test("an open page asks no more when it is too late", async () => {
  const world = new Moderated();
  const stream = await world.live();
  stream.post({ text: "a" });
  await settled();
  world.clock.time += 23 * HOUR_MS;
  stream.reconnect();
  world.attempt.hello(0);
  await settled();
  assert.deepEqual(told(stream.lines), ["a?held"]);
  assert.equal(world.posts.length, 1);
});

test("another user, stream and server are shown nothing of it, and send nothing", async () => {
  const world = new Moderated();
  await world.held("a");
  for (const [user, options] of [["bob", {}], [undefined, {}], ["ann", { stream: "other" }], ["ann", { server: "http://other.test" }]] as const) {
    const stream = user === undefined ? await world.page(undefined, { token: () => undefined }) : await world.page(user, options);
    world.attempt.hello(0);
    await settled();
    assert.deepEqual(stream.lines, [], `${user} ${JSON.stringify(options)}`);
    stream.close();
  }
  assert.equal(world.posts.length, 1);
  assert.deepEqual(told((await world.live()).lines), ["a?held"]);
});

test("who leaves is forgotten: their lines go at once, nothing of theirs is sent as the next, and none comes back", async () => {
  const world = new Moderated();
  let user: string | undefined = "ann";
  const stream = await world.live(undefined, { token: () => (user === undefined ? undefined : tokenOf(user)) });
  stream.post({ text: "a" });
  await settled();
  world.instead = () => ({ status: 429, body: { code: "slow_mode", retry_after: 20 } });
  stream.post({ text: "b" });
  await settled();
  assert.deepEqual(told(stream.lines), ["a?held", "b?pending"]);
  user = undefined;
  await stream.identify();
  assert.deepEqual(stream.lines, []);
  assert.equal(world.shelf.count, 0);
  world.instead = undefined;
  user = "bob";
  await stream.identify();
  world.attempt.hello(0);
  const count = world.posts.length;
  await world.clock.advance(9_000);
  assert.equal(world.posts.length, count);
  stream.post({ text: "c" });
  await settled();
  assert.deepEqual(told(stream.lines), ["c?held"]);
  user = "ann";
  await stream.identify();
  assert.deepEqual(stream.lines, []);
});

test("written before it was known who writes: it is theirs, and remembered", async () => {
  const world = new Moderated();
  const stream = world.stream({ storage: world.shelf, token: () => tokenOf("ann") });
  stream.post({ text: "a" });
  await settled();
  assert.deepEqual(told(stream.lines), ["a?held"]);
  assert.equal(world.shelf.count, 1);
});

test("asking is paced as posting is, and gives way to it", async () => {
  const world = new Moderated();
  await world.held("a");
  world.instead = () => ({ status: 503, body: { code: "overloaded", retry_after: 7 } });
  const stream = await world.live();
  assert.equal(world.posts.length, 2);
  const cid = stream.post({ text: "b" });
  await world.clock.advance(6_999);
  assert.equal(world.posts.length, 2);
  assert.deepEqual(told(stream.lines), ["a?held", "b?pending"]);
  world.instead = undefined;
  await world.clock.advance(2_001);
  assert.deepEqual(world.posts.slice(2).map(({ body }) => body["cid"]), [cid, world.posts[0]?.body["cid"]]);
  assert.deepEqual(told(stream.lines), ["a?held", "b?held"]);
});

test("asked, and refused for its pace: the server has forgotten it, so it is not sent again by itself", async () => {
  const world = new Moderated();
  await world.held("a");
  world.instead = () => ({ status: 429, body: { code: "slow_mode", retry_after: 5 } });
  const stream = await world.live();
  assert.deepEqual(told(stream.lines), ["a?failed"]);
  world.instead = undefined;
  await world.clock.advance(60_000);
  assert.equal(world.posts.length, 2);
});

test("two tabs: each shows both, neither forgets for the other, and nothing is taken twice", async () => {
  const world = new Moderated();
  const left = await world.live();
  const right = await world.live();
  left.post({ text: "a" });
  right.post({ text: "b" });
  await settled();
  assert.equal(world.shelf.count, 2);
  left.close();
  right.close();
  const tabs = [await world.live(), await world.live()];
  for (const tab of tabs) assert.deepEqual(told(tab.lines), ["a?held", "b?held"]);
  assert.equal(world.taken, 2);
});

test("two tabs: what one discarded the other does not bring back", async () => {
  const world = new Moderated();
  world.instead = offline;
  const left = await world.live();
  const cid = left.post({ text: "a" });
  await world.clock.advance(50_000);
  const right = await world.live(undefined, { give_up_ms: 120_000 });
  await world.clock.advance(11_000);
  assert.deepEqual([...told(left.lines), ...told(right.lines)], ["a?failed", "a?pending"]);
  left.discard(cid);
  await world.clock.advance(120_000);
  assert.deepEqual(told(right.lines), ["a?failed"]);
  assert.equal(world.shelf.count, 0);
});

test("memory is bounded, the newest stay; what is no note of ours is passed over", async () => {
  const world = new Moderated();
  for (const note of ["{", "7", '[null,{"cid":1},{"cid":"x","draft":null}]']) {
    world.shelf.set("roar.own", note);
    const stream = await world.live();
    assert.deepEqual(stream.lines, []);
    stream.close();
  }
  const stream = await world.live();
  for (let i = 0; i < 25; i++) stream.post({ text: `${i}` });
  await settled();
  for (let i = 0; i < 25; i++) await settled();
  stream.close();
  const again = await world.live();
  assert.deepEqual(told(again.lines), Array.from({ length: 20 }, (_, i) => `${i + 5}?held`));
});

test("a shelf that keeps nothing, and none at all: as if there were no memory", async () => {
  const world = new Moderated();
  const empty: Shelf = { get: () => undefined, set: () => undefined, remove: () => undefined };
  for (const options of [{ storage: empty }, {}]) {
    const stream = world.stream({ token: () => tokenOf("ann"), ...options });
    world.attempt.hello(0);
    stream.post({ text: "a" });
    await settled();
    assert.deepEqual(told(stream.lines), ["a?held"]);
    stream.close();
  }
});
