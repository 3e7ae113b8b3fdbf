// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { Moderator, Problem } from "../src/index.js";
import type { Message } from "../src/messages.js";
import { comment, keeper, settled, told, World, type Answer, type Asked } from "./world.js";

function tokenOf(sub: string, roles: readonly string[] = []): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part({ sub, roles, exp: 4_000_000_000 })}.x`;
}

function moderatorOf(world: World): Moderator {
  return new Moderator({ stream: "late show", server: "http://roar.test", token: "t", ports: world.ports });
}

const told_of = ({ method, path, query, body, headers }: Asked): unknown => ({
  ask: `${method} ${path}${query.size > 0 ? `?${query}` : ""}`,
  body,
  authorization: headers["authorization"],
});

test("each call asks its path, with the token, and gives its answer", async () => {
  const world = new World();
  const moderator = moderatorOf(world);
  const answers: Record<string, unknown> = {
    "POST /moderation": { act: "a81", seq: 4090 },
    "POST /moderation/undo": { act: "a82", seq: 4091 },
    "GET /moderation/held": { comments: [], claims: [], count: 0, more: false },
    "POST /moderation/held/c1/claim": { id: "c1", by: "sam", left_ms: 60_000 },
    "POST /moderation/held/c1/release": { id: "c1" },
    "GET /moderation/users/u%2F9": { user: { id: "u/9" }, sanctions: [], comments: [] },
    "GET /moderation/rules": { slow: 30, counts: { links: { hits: 3, dry_run: 1 } } },
    "PUT ": { state: "live" },
    "GET /moderation/similar": { groups: [{ why: "text", count: 2, waiting: 1, seqs: [1], ids: ["c1", "c2"], comments: [comment(1)] }] },
    "GET /moderation/log": { entries: [], cursor: "7", more: false },
    "GET /moderation/acts/a81": { entry: { n: 1 }, lifted: true },
    "GET /comments": { epoch: "e", cursor: "e.1", comments: [comment(1)], more: false },
    "GET /appeals": { appeals: [{ id: "a90", act: "a81", user: "u9", at: 1, text: "no", state: "open" }] },
    "POST /appeals/a90/decision": { appeal: "a90", act: "a91", state: "granted" },
    "GET /appeals/a90/statement": { type: "statement_of_reasons" },
    "GET /moderation/reach/a81": { state: "settled", viewers: 10, applied: 9, p50_ms: 4, p95_ms: 11, cut: 0 },
  };
  world.respond = ({ method, path }) => {
    const body = answers[`${method} ${path.replace("/v1/streams/late%20show", "")}`];
    return body === undefined ? { status: 404, body: { code: "not_found" } } : { status: 200, body };
  };
  assert.deepEqual(await moderator.act({ do: "timeout", user: "u9", seconds: 600, reason: "spam" }), { act: "a81", seq: 4090 });
  assert.deepEqual(told_of(world.asked[0] as Asked), {
    ask: "POST /v1/streams/late%20show/moderation",
    body: { do: "timeout", user: "u9", seconds: 600, reason: "spam" },
    authorization: "Bearer t",
  });
  await moderator.act({ do: "delete", ids: ["c1", "c2"] });
  assert.deepEqual(world.asked.at(-1)?.body, { do: "delete", ids: ["c1", "c2"] });
  assert.equal((await moderator.undo("a81")).act, "a82");
  assert.deepEqual((await moderator.held()).claims, []);
  await moderator.held("c1", 500);
  assert.deepEqual(Object.fromEntries(world.asked.at(-1)?.query ?? []), { after: "c1", limit: "500" });
  assert.equal((await moderator.claim("c1")).by, "sam");
  assert.equal((await moderator.release("c1")).by, undefined);
  assert.equal((await moderator.user("u/9")).user.id, "u/9");
  assert.equal((await moderator.house()).counts?.["links"]?.dry_run, 1);
  await moderator.setRules({ links: { action: "hold" } });
  assert.deepEqual(world.asked.at(-1)?.body, { rules: { links: { action: "hold" } } });
  assert.equal((await moderator.similar())[0]?.comments[0]?.text, "text 1");
  assert.equal((await moderator.audit(7)).cursor, "7");
  assert.deepEqual(Object.fromEntries(world.asked.at(-1)?.query ?? []), { after: "7", limit: "500" });
  await moderator.auditBefore();
  assert.deepEqual(Object.fromEntries(world.asked.at(-1)?.query ?? []), { before: "9007199254740991", limit: "500" });
  await moderator.auditBefore(7, 2);
  assert.deepEqual(Object.fromEntries(world.asked.at(-1)?.query ?? []), { before: "7", limit: "2" });
  assert.equal((await moderator.reach("a81")).applied, 9);
  assert.equal((await moderator.entry("a81")).lifted, true);
  assert.equal((await moderator.comments("e.9")).comments.length, 1);
  assert.equal(world.asked.at(-1)?.query.get("before"), "e.9");
  assert.equal((await moderator.appeals())[0]?.id, "a90");
  assert.equal((await moderator.decide("a90", "granted", "right")).state, "granted");
  assert.deepEqual(world.asked.at(-1)?.body, { decision: "granted", reason: "right" });
  assert.equal((await moderator.statement("a90"))["type"], "statement_of_reasons");
});

test("without a stream it moderates all of them, and what is of one is refused here", async () => {
  const world = new World();
  world.respond = () => ({ status: 200, body: { act: "a1" } });
  const everywhere = new Moderator({ server: "http://roar.test", token: "t", ports: world.ports });
  await everywhere.act({ do: "ban", user: "u9" });
  await everywhere.undo("a1");
  await everywhere.auditBefore(3);
  assert.deepEqual(world.asked.map(({ method, path }) => `${method} ${path}`), ["POST /v1/moderation", "POST /v1/moderation/undo", "GET /v1/moderation/log"]);
  assert.throws(() => void everywhere.decide("a1", "granted", "x"));
});

test("what is refused is a problem by name", async () => {
  const world = new World();
  world.respond = () => ({ status: 403, body: { code: "wrong_role", detail: "Nobody acts on someone of a higher role." } });
  const error = await moderatorOf(world).act({ do: "ban", user: "boss" }).catch((problem: unknown) => problem);
  assert.ok(error instanceof Problem);
  assert.deepEqual([error.code, error.status], ["wrong_role", 403]);
});

test("acts and notices are told as news; comments are not", () => {
  const world = new World();
  const stream = world.stream();
  const news: string[] = [];
  const stop = stream.onNews(({ type }) => news.push(type));
  world.attempt.hello(0);
  world.attempt.say(comment(1), { type: "retract", stream: "demo", seq: 2, prev: 1, seqs: [1] });
  world.attempt.say({ type: "held", id: "c9" }, { type: "warned", act: "a1", text: "easy" });
  stop();
  world.attempt.say({ type: "rejected", id: "c9" });
  assert.deepEqual(news, ["retract", "held", "warned"]);
});

test("a warning stands until it is acknowledged; then what it stopped is sent", async () => {
  const world = new World();
  const keep = keeper(0);
  let is_warned = true;
  world.respond = (asked) => {
    if (asked.path.endsWith("/acknowledge")) {
      assert.deepEqual(asked.body, { act: "a7" });
      is_warned = false;
      return { status: 200, body: { act: "a8" } };
    }
    return is_warned ? { status: 403, body: { code: "must_acknowledge", act: "a7" } } : keep(asked);
  };
  const stream = world.stream({ token: tokenOf("me") });
  world.attempt.hello(0);
  stream.post({ text: "but" });
  await settled();
  assert.deepEqual(stream.warning, { act: "a7", text: "" });
  assert.deepEqual(told(stream.lines), ["but?failed"]);
  world.attempt.say({ type: "warned", act: "a7", text: "No names, please." });
  assert.equal(stream.warning?.text, "No names, please.");
  await stream.acknowledge();
  await settled();
  assert.equal(stream.warning, undefined);
  assert.deepEqual(told(stream.lines), ["but"]);
});

/** Somebody who says "but", and what they are told. */
async function butting(world: World) {
  const stream = world.stream({ token: tokenOf("me") });
  const news: string[] = [];
  stream.onNews(({ type }) => news.push(type));
  world.attempt.hello(0);
  stream.post({ text: "but" });
  await settled();
  return { stream, news };
}

test("of several warnings each is acknowledged; who is told again of one that is done with hears nothing", async () => {
  const world = new World();
  const keep = keeper(0);
  const open = ["a5", "a7", "a8"];
  const done: unknown[] = [];
  world.respond = (asked) => {
    if (asked.path.endsWith("/acknowledge")) {
      done.push(asked.body);
      open.splice(open.indexOf((asked.body as { act: string }).act), 1);
      return { status: 200, body: { act: "a9" } };
    }
    return open.length > 0 ? { status: 403, body: { code: "must_acknowledge", act: open[0] } } : keep(asked);
  };
  const { stream, news } = await butting(world);
  const first = { type: "warned", act: "a5", text: "Be kind." } as const;
  world.attempt.say(first, { type: "warned", act: "a7", text: "No names, please." }, first);
  assert.deepEqual(news, ["warned", "warned"]);
  assert.equal(stream.warning?.act, "a5");
  await stream.acknowledge();
  await settled();
  assert.deepEqual(told(stream.lines), ["but?failed"]);
  assert.equal(stream.warning?.text, "No names, please.");
  world.attempt.say(first);
  await stream.acknowledge();
  await settled();
  assert.deepEqual(stream.warning, { act: "a8", text: "" }); // of which only the refusal tells
  await stream.acknowledge();
  await settled();
  assert.equal(stream.warning, undefined);
  assert.deepEqual(done, [{ act: "a5" }, { act: "a7" }, { act: "a8" }]);
  assert.deepEqual(told(stream.lines), ["but"]);
});

const warned = (act: string, text: string): Message => ({ type: "warned", act, text });
const pollOf = (...warnings: Message[]): Answer => ({ status: 200, body: { epoch: "k3f9", cursor: "k3f9.0", events: [], next_ms: 1_000, ...(warnings.length > 0 ? { warned: warnings } : {}) } });

test("a warning that is over elsewhere is over here, does not come back, and what it stopped is sent", async () => {
  const world = new World();
  const keep = keeper(0);
  let is_warned = true;
  world.respond = (asked) => {
    if (asked.path.endsWith("/poll")) return pollOf(warned("a5", "Be kind."), warned("a7", "No links."));
    return is_warned ? { status: 403, body: { code: "must_acknowledge", act: "a5" } } : keep(asked);
  };
  const { stream, news } = await butting(world);
  await settled();
  assert.deepEqual(stream.warning, { act: "a5", text: "Be kind." }, "the refusal names it, and a poll has its words");
  world.attempt.say({ type: "unwarned", act: "a5" });
  assert.deepEqual(stream.warning, { act: "a7", text: "No links." });
  is_warned = false;
  world.attempt.say({ type: "unwarned", act: "a7" }, { type: "unwarned", act: "a9" }, warned("a7", "No links."));
  assert.equal(stream.warning, undefined);
  await settled();
  assert.deepEqual(told(stream.lines), ["but"]);
  assert.deepEqual(news, ["unwarned", "unwarned"]);
});

test("a warning that ended while we were away, or behind a gap, is asked after; without one nothing is asked", async () => {
  const world = new World();
  let answer: Answer = { status: 503, body: { code: "store_down" } };
  world.respond = () => answer;
  const stream = world.stream({ token: tokenOf("me") });
  const polls = (): number => world.asked.filter(({ path }) => path.endsWith("/poll")).length;
  world.attempt.hello(0);
  await settled();
  assert.equal(polls(), 0);
  world.attempt.say(warned("a5", "Be kind."), warned("a7", "No links."));
  world.attempt.end({ why: "closed" });
  await world.clock.advance(5_000);
  world.attempt.hello(0);
  await settled();
  assert.equal(polls(), 1);
  assert.equal(stream.warning?.act, "a5", "nobody knows");
  answer = pollOf(warned("a7", "No links."));
  world.attempt.say({ type: "gap", from: 1, to: 9, carried: 0, shed: 9, removed: 0, why: "slow reader" });
  await settled();
  assert.equal(stream.warning?.act, "a7");
  answer = { status: 200, body: { ...(pollOf().body as object), warned_unknown: true } };
  world.attempt.say({ type: "gap", from: 10, to: 19, carried: 0, shed: 9, removed: 0, why: "behind" });
  await settled();
  assert.equal(stream.warning?.act, "a7");
  answer = pollOf();
  world.attempt.end({ why: "closed" });
  await world.clock.advance(5_000);
  world.attempt.hello(19);
  await settled();
  assert.equal(stream.warning, undefined);
  assert.equal(polls(), 4);
});

test("of many gaps one is asked after at a time, and the last one too", async () => {
  const world = new World();
  const answers: ((answer: Answer) => void)[] = [];
  world.respond = () => new Promise((resolve) => answers.push(resolve));
  const stream = world.stream({ token: tokenOf("me") });
  world.attempt.hello(0);
  await settled(); // it knows who we are
  world.attempt.say(warned("a5", "Be kind."));
  const gap = (from: number): void => world.attempt.say({ type: "gap", from, to: from, carried: 0, shed: 1, removed: 0, why: "slow reader" });
  for (let from = 1; from < 9; from++) gap(from);
  await settled();
  assert.equal(answers.length, 1);
  answers[0]?.(pollOf(warned("a5", "Be kind.")));
  await settled();
  assert.equal(answers.length, 2, "what it was asked before is not what the last gap hid");
  answers[1]?.(pollOf());
  await settled();
  assert.equal(stream.warning, undefined);
  gap(9);
  await settled();
  assert.equal(answers.length, 2, "without a warning nothing is asked");
});

test("a poll that was asked before a refusal told of a warning does not end it", async () => {
  const world = new World();
  world.respond = (asked) => (asked.path.endsWith("/poll") ? pollOf(warned("a5", "Be kind.")) : { status: 403, body: { code: "must_acknowledge", act: "a5" } });
  const stream = world.stream({ token: tokenOf("me"), transports: ["poll"] });
  world.attempt.hello(0);
  stream.post({ text: "but" });
  for (let i = 0; i < 3; i++) await settled();
  assert.equal(stream.warning?.act, "a5");
  world.attempt.warned(); // was on its way
  assert.equal(stream.warning?.act, "a5");
  world.attempt.warned();
  assert.equal(stream.warning, undefined);
});

test("who polls is told by each answer which warnings stand; what we heard of since it was asked stays", async () => {
  const world = new World();
  const stream = world.stream({ token: tokenOf("me"), transports: ["poll"] });
  world.attempt.hello(0);
  await settled();
  world.attempt.say(warned("a5", "Be kind."));
  world.attempt.warned("a5");
  world.attempt.say(warned("a7", "No links.")); // from elsewhere, while it waits
  world.attempt.warned();
  assert.equal(stream.warning?.act, "a7");
  world.attempt.warned();
  assert.equal(stream.warning, undefined);
  assert.equal(world.asked.length, 0);
});

test("a refusal that is older than the end of its warning is tried again, once", async () => {
  const world = new World();
  let refusals = 1;
  const keep = keeper(0);
  world.respond = (asked) => {
    if (asked.path.endsWith("/poll")) return pollOf();
    return refusals-- > 0 ? { status: 403, body: { code: "must_acknowledge", act: "a5" } } : keep(asked);
  };
  const stream = world.stream({ token: tokenOf("me") });
  world.attempt.hello(0);
  stream.post({ text: "but" });
  for (let i = 0; i < 3; i++) await settled();
  assert.equal(stream.warning, undefined);
  assert.deepEqual(told(stream.lines), ["but"]);
  refusals = 9;
  stream.post({ text: "and" });
  for (let i = 0; i < 5; i++) await settled();
  assert.equal(world.posts.length, 3, "a server that insists is believed");
  assert.deepEqual(stream.warning, { act: "a5", text: "" });
});

test("an appeal is against an act, or what removed a comment", async () => {
  const world = new World();
  world.respond = () => ({ status: 201, body: { appeal: "a90", act: "a81", state: "open" } });
  const stream = world.stream({ token: tokenOf("me") });
  await stream.appeal({ act: "a81" }, "It was a joke");
  assert.deepEqual(world.asked.at(-1)?.body, { act: "a81", text: "It was a joke" });
  await stream.appeal({ id: "01J" }, "It was a joke");
  assert.deepEqual(world.asked.at(-1)?.body, { id: "01J", text: "It was a joke" });
  assert.equal(world.asked.at(-1)?.path, "/v1/streams/demo/appeals");
});

test("what is ours and removed leaves a line; what is others' does not", async () => {
  const world = new World();
  const stream = world.stream({ token: tokenOf("u1") });
  world.attempt.hello(0);
  await settled();
  world.attempt.say(comment(1), comment(2, 1, { user: { id: "u2", name: "Bob" } }));
  world.attempt.say({ type: "retract", stream: "demo", seq: 3, prev: 2, seqs: [1, 2] });
  assert.deepEqual(told(stream.lines), ["~Ann removed~"]);
  world.attempt.say({ type: "held", id: "id-1" });
  assert.deepEqual(told(stream.lines), ["~Ann held~"]);
});

test("slow mode says when we may write again: from our last comment, or as the server said", async () => {
  const world = new World();
  world.respond = keeper(0);
  const stream = world.stream({ token: tokenOf("me") });
  world.attempt.hello(0, { slow: 30 });
  await settled();
  assert.equal(stream.may_post_at, undefined);
  stream.post({ text: "a" });
  await settled();
  assert.equal(stream.may_post_at, world.clock.now() + 30_000);
  await world.clock.advance(29_999);
  assert.notEqual(stream.may_post_at, undefined);
  await world.clock.advance(1);
  assert.equal(stream.may_post_at, undefined);
  world.respond = () => ({ status: 429, body: { code: "slow_mode", retry_after: 12 } });
  stream.post({ text: "b" });
  await settled();
  assert.equal(stream.may_post_at, world.clock.now() + 12_000);
  world.respond = keeper(1);
  world.attempt.say({ type: "settings", stream: "demo", seq: 2, prev: 1, slow: 0 });
  assert.equal(stream.may_post_at, undefined);
  await settled();
  assert.deepEqual(stream.lines.filter(({ kind }) => kind === "own"), [], "what waited is sent when slow mode ends");

  world.attempt.say({ type: "settings", stream: "demo", seq: 3, prev: 2, slow: 30 });
  let answer = (): void => undefined;
  world.respond = () => new Promise((resolve) => (answer = () => resolve({ status: 500 })));
  const cid = stream.post({ text: "c" });
  await world.clock.advance(40_000);
  world.attempt.say(comment(4, 3, { cid, text: "c", user: { id: "me", name: "Me" } }));
  assert.equal(stream.may_post_at, world.clock.now() + 30_000, "its event may come before its answer");
  answer();

  const other = new World();
  other.respond = keeper(0);
  const host = other.stream({ token: tokenOf("host", ["host"]) });
  other.attempt.hello(0, { slow: 30 });
  await settled();
  host.post({ text: "a" });
  await settled();
  assert.equal(host.may_post_at, undefined);
});
