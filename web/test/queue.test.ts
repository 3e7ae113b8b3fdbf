// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SimilarComment, SimilarGroup } from "@roar/sdk";
import { groupKeys, queueKeys, type ActKey } from "../studio/keys.js";
import { Picks } from "../studio/picks.js";
import { pickedText } from "../studio/queue_head.js";
import { authorsOf, GroupNames } from "../studio/raid.js";
import { actOnSeveral, AT_ONCE_MAX, changedText, severalText, statesText, takenText, withoutTaken, type Preview } from "../studio/several.js";

const comment = (id: string, user: string, text: string, state: SimilarComment["state"] = "visible"): SimilarComment =>
  ({ type: "comment", stream: "s", id, at: 1, user: { id: user, name: user.toUpperCase() }, text, state });

const group = (more: Partial<SimilarGroup>): SimilarGroup => ({ why: "text", count: 3, waiting: 1, seqs: [1, 2], ids: ["c1", "c2", "c3"], users: ["u1", "u2"], comments: [], ...more });

const key = (keys: readonly ActKey[], what: string): ActKey => keys.find((one) => one.do === what) as ActKey;

const picksOf = (taken: ReadonlySet<string> = new Set()): Picks<string> => new Picks((one) => one, (one) => !taken.has(one));
const row = ["a", "b", "c", "d", "e", "f"];

test("several are acted on whole, by one act, those on screens and those that wait", () => {
  const raid = group({});
  assert.deepEqual(actOnSeveral(key(groupKeys, "delete"), raid, { reason: "raid" }), { do: "delete", ids: ["c1", "c2", "c3"], reason: "raid" });
  assert.deepEqual(actOnSeveral(key(queueKeys, "approve"), raid, {}), { do: "approve", ids: ["c1", "c2", "c3"] });
  assert.deepEqual(actOnSeveral(key(queueKeys, "reject"), raid, {}), { do: "reject", ids: ["c1", "c2", "c3"] });
  assert.deepEqual(actOnSeveral(key(groupKeys, "ban"), raid, {}), { do: "ban", users: ["u1", "u2"] });
  assert.deepEqual(actOnSeveral(key(groupKeys, "timeout"), raid, { seconds: 60 }), { do: "timeout", users: ["u1", "u2"], seconds: 60 });
  assert.equal(actOnSeveral(key(groupKeys, "ban"), { ...raid, users: [] }, {}), undefined);
  assert.equal(actOnSeveral(key(queueKeys, "warn"), raid, {}), undefined, "a warning is for one");
  assert.equal(severalText(key(groupKeys, "delete"), raid), "3 comments");
  assert.equal(severalText(key(groupKeys, "ban"), raid), "2 people");
});

test("an act takes as many as the server lets it, those on screens first, as a group names them", () => {
  const ids = Array.from({ length: AT_ONCE_MAX + 2 }, (_, at) => `c${at}`);
  const act = actOnSeveral(key(groupKeys, "delete"), group({ ids }), {});
  assert.ok(act !== undefined && "ids" in act);
  assert.deepEqual([act.ids.length, act.ids.at(0), act.ids.at(-1)], [AT_ONCE_MAX, "c0", `c${AT_ONCE_MAX - 1}`]);
  assert.match(severalText(key(groupKeys, "delete"), group({ ids })), /^5.?000 comments$/);
});

test("what an act on many has done is what it changed, where others were faster", () => {
  const raid = group({});
  assert.equal(changedText(key(groupKeys, "delete"), raid, 3), "3 comments");
  assert.equal(changedText(key(groupKeys, "delete"), raid, 2), "2 of 3 comments");
  assert.equal(changedText(key(queueKeys, "reject"), raid, 0), "0 of 3 comments");
  assert.equal(changedText(key(queueKeys, "reject"), raid, undefined), "3 comments", "by a server that does not say");
  assert.equal(changedText(key(groupKeys, "ban"), raid, undefined), "2 people");
  const ids = Array.from({ length: AT_ONCE_MAX + 2 }, (_, at) => `c${at}`);
  assert.equal(changedText(key(groupKeys, "delete"), group({ ids }), AT_ONCE_MAX), severalText(key(groupKeys, "delete"), group({ ids })));
});

test("what another moderator looks at is no part of an act on comments, and is said to stay", () => {
  const comments = [comment("c1", "u1", "x"), comment("c2", "u2", "x", "held"), comment("c3", "u2", "x", "held")];
  const preview: Preview = { ...group({ waiting: 2 }), comments, taken: new Map([["c3", "kim"]]) };
  const { ids, waiting, comments: shown } = withoutTaken(key(groupKeys, "delete"), preview);
  assert.deepEqual([ids, waiting, shown.map(({ text }) => text).length], [["c1", "c2"], 1, 2]);
  assert.equal(withoutTaken(key(groupKeys, "ban"), preview), preview, "people are acted on all the same");
  assert.equal(takenText(preview.taken), "kim looks at 1 of them: this one stays.");
  assert.equal(takenText(new Map([["a", "kim"], ["b", "lee"], ["c", "kim"]])), "kim looks at 2 of them, lee looks at 1 of them: these stay.");
  assert.equal(takenText(new Map()), "");
});

test("how many are on screens and how many wait", () => {
  assert.equal(statesText(12, 0), "on screens");
  assert.equal(statesText(12, 12), "all wait");
  assert.equal(statesText(12, 11), "1 on screens, 11 wait");
  assert.equal(statesText(12, 1), "11 on screens, 1 waits");
  assert.equal(pickedText({ count: 300, picked: 0 }), "300 wait");
  assert.equal(pickedText({ count: 300, picked: 12 }), "12 of 300 chosen");
  assert.equal(pickedText({ count: 3, picked: 5 }), "5 of 5 chosen", "until it is known that they wait no more");
});

test("a group keeps its name while it grows, while its oldest go, and when its texts are another's, too", () => {
  const names = new GroupNames();
  const [first, other] = [group({}), group({ why: "new_accounts" })];
  names.take([first, other]);
  const [name, other_name] = [names.of(first), names.of(other)];
  assert.notEqual(name, other_name, "the same comments, for another reason");
  const grown = group({ ids: ["c2", "c3", "c4"] });
  const apart = group({ ids: ["c1", "c9"] });
  names.take([grown, apart]);
  assert.equal(names.of(grown), name);
  assert.notEqual(names.of(apart), name, "two are never one");
  assert.equal(authorsOf([comment("c1", "u1", "x"), comment("c2", "u2", "x"), comment("c3", "u1", "y")]).length, 2);
});

test("picks: one by one, and a run that grows and shrinks and leaves what was picked before", () => {
  const picks = picksOf();
  picks.toggle("a");
  picks.endRun();
  picks.stretch(row, "c", "d");
  picks.stretch(row, "d", "e");
  assert.deepEqual(picks.items, ["a", "c", "d", "e"]);
  picks.stretch(row, "e", "d");
  assert.deepEqual(picks.items, ["a", "c", "d"]);
  picks.stretch(row, "d", "b");
  assert.deepEqual(picks.items, ["a", "b", "c"], "on the other side of where it began");
  picks.endRun();
  picks.stretch(row, "f", "e");
  assert.deepEqual(picks.items, ["a", "b", "c", "e", "f"]);
  picks.toggle("b");
  assert.equal(picks.has("b"), false);
  picks.clear();
  assert.equal(picks.size, 0);
});

test("picks: a run begins at what was picked alone; what others look at is passed over; what goes is forgotten", () => {
  const picks = picksOf(new Set(["c", "e"]));
  assert.equal(picks.toggle("c"), false);
  picks.toggle("b");
  picks.stretch(row, "d", "d");
  assert.deepEqual(picks.items, ["b", "d"]);
  assert.equal(picks.add(row), 2);
  assert.deepEqual(picks.items, ["b", "d", "a", "f"]);
  picks.drop(["a", "zzz"]);
  assert.deepEqual(picks.items, ["b", "d", "f"]);
});
