// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditEntry, AuditPage, Comment, HistoryPage, Written } from "@roar/sdk";
import { evidenceOf } from "../studio/appeals.js";
import { countComments, countedText } from "../studio/clearing.js";
import { actOf, appealKeys, commentKeys, groupKeys, personKeys, queueKeys, writtenKeys, type Key } from "../studio/keys.js";
import { Known } from "../studio/known.js";
import { placeOf } from "../studio/lifting.js";
import { exposureText, reachText } from "../studio/reach.js";
import { actsOn } from "../studio/person.js";
import { Standing } from "../studio/standing.js";
import { canReach, canUndo, entryText, sanctionText, sanctionWhole, targetText } from "../studio/telling.js";
import { countHits, readTerms, writeTerms } from "../studio/terms.js";
import { Trail } from "../studio/trail.js";

const comment = (seq: number, user: string, text: string): Comment =>
  ({ type: "comment", stream: "s", seq, id: `c${seq}`, at: seq, user: { id: user, name: user.toUpperCase() }, text });

const entry = (more: Partial<AuditEntry>): AuditEntry => ({
  n: 1, at: 1, stream: "s", act: "a1", do: "delete", by: "sam", kind: "user", policy: null, target: null, reason: null, seq: null, prev_hash: "", hash: "", ...more,
});

test("each key means one act in its place, and Shift asks for more", () => {
  for (const keys of [commentKeys, queueKeys, groupKeys, [...writtenKeys, ...personKeys], appealKeys] as readonly (readonly Key[])[]) {
    assert.equal(new Set(keys.map(({ key }) => key)).size, keys.length);
    for (const taken of ["j", "k", "u", "v", "l", "c", "1", "2", "3", "4", "5", "6", "?", "!"]) assert.equal(keys.some(({ key }) => key === taken), false, taken);
  }
  const pressed = (key: string, shiftKey = false): [string | undefined, boolean | undefined] => {
    const found = actOf(commentKeys, { key, shiftKey });
    return [found?.act.do, found?.ask];
  };
  assert.deepEqual(pressed("d"), ["delete", false]);
  assert.deepEqual(pressed("T", true), ["timeout", true]);
  assert.deepEqual(pressed("w"), ["warn", true], "a warning has words");
  assert.deepEqual(pressed("q"), [undefined, undefined]);
});

test("what can be done to what somebody wrote: what waits is decided on, what is nowhere is left alone", () => {
  const wrote = (more: Partial<Written>): Written => ({ ...comment(7, "ann", "hello"), ...more });
  const { seq: _, ...placeless } = wrote({});
  const can = (written: Written): string => actsOn(written).map((act) => act.do).join();
  assert.equal(can(wrote({})), "delete");
  assert.equal(can(wrote({ state: "held" })), "approve,reject");
  assert.equal(can({ ...placeless, state: "held" }), "approve,reject");
  assert.equal(can(wrote({ state: "deleted" })), "restore");
  assert.equal(can({ ...placeless, state: "deleted" }), "", "a rejection is undone, not restored");
  assert.equal(can(wrote({ state: "shadowed" })), "");
  const { text: __, ...erased } = wrote({ state: "held" });
  assert.equal(can(erased), "");
});

test("terms are read a line each; a bad line is named, and what is written is read again", () => {
  const { terms, faults } = readTerms("buy now | substring | hold\n\n# a note\nfool\nscunthorpe | allow\n");
  assert.deepEqual(faults, []);
  assert.deepEqual(terms, [
    { text: "buy now", match: "substring", action: "hold" },
    { text: "fool", match: "word", action: "refuse" },
    { text: "scunthorpe", match: "allow" },
  ]);
  assert.deepEqual(readTerms(writeTerms(terms)).terms, terms);
  assert.deepEqual(readTerms("a | verb\n| word\nb | word | burn\nc | word | hold | now").faults, [
    "line 1: “verb” is none of word, substring, allow",
    "line 2: there is no term",
    "line 3: “burn” is none of refuse, hold, shadow",
    "line 4: there are more than three parts",
  ]);
});

test("what terms would have hit: words whole, parts anywhere, and not what is allowed", () => {
  const texts = ["You FOOL", "foolish", "ｆｏｏｌ!", "a fool's errand", "hello"];
  const hits = (list: string): number => countHits(readTerms(list).terms, texts);
  assert.equal(hits("fool"), 3);
  assert.equal(hits("fool | substring"), 4);
  assert.equal(hits("fool | substring\nfoolish | allow"), 3);
  assert.equal(hits(""), 0);
});

test("the audit in words, with names where they are known", () => {
  const known = new Known();
  known.read([{ kind: "comment", key: "k", seq: 4_072, comment: comment(4_072, "u9", "x") }]);
  const cases: [Partial<AuditEntry>, string][] = [
    [{ target: "seq:4072" }, "sam deleted U9's comment"],
    [{ target: "seq:7" }, "sam deleted #7"],
    [{ target: "seq:1,2,3" }, "sam deleted 3 comments"],
    [{ do: "reject", target: "ids:c1,c2" }, "sam rejected 2 comments"],
    [{ do: "timeout", target: "user:u9", seconds: 600, reason: "spam" }, "sam timed out U9 for 10 minutes: spam"],
    [{ do: "ban", target: 'users:["a","b"]' }, "sam banned 2 people"],
    [{ do: "hold", kind: "rule", by: "hold_all", target: "id:c1" }, "rule hold_all held back comment c1"],
    [{ do: "approve", kind: "system", by: null, target: "id:c1" }, "system approved comment c1"],
    [{ do: "undo", target: "act:a80" }, "sam undid a80"],
    [{ do: "hold", kind: "rule", by: "links", target: "id:c4072" }, "rule links held back U9's comment"],
    [{ do: "clear" }, "sam cleared the stream"],
    [{ do: "delete", reason: "raid" }, "sam deleted many comments: raid"],
    [{ do: "ban" }, "sam banned many people"],
    [{ target: "sha256:0a1b" }, "sam deleted many comments"],
    [{ do: "warn", target: "user:u9", value: "Easy." }, "sam warned U9: “Easy.”"],
    [{ do: "ban", target: "user:יוסי 7", reason: "ספאם" }, "sam banned \u2068יוסי 7\u2069: \u2068ספאם\u2069"],
  ];
  for (const [more, words] of cases) assert.equal(entryText(entry(more), known), words);
  assert.equal(targetText(entry({ do: "clear" })), "");
  assert.equal(sanctionWhole({ act: "a", do: "timeout", at: 0, until: 90_000, by: "kim", reason: "spam" }, 0), "timed out by kim, 1 min 30 s left: spam");
  assert.equal(sanctionWhole({ act: "a", do: "ban", at: 0, all: true }, 0), "banned on all streams");
  assert.equal(sanctionText({ act: "a", do: "timeout", at: 0, until: 90_000 }), "timed out");
});

test("the audit says what a setting was set to, also when it was told by a notice", () => {
  const rules = { terms: { dry_run: false }, links: { action: "hold", dry_run: false }, caps: { percent: 70, action: "mark", dry_run: true }, hold_first: { action: "hold" } };
  const cases: [Partial<AuditEntry>, string][] = [
    [{ do: "slow", seconds: 30 }, "sam set slow mode for 30 seconds"],
    [{ do: "slow", seconds: 0 }, "sam ended slow mode"],
    [{ do: "shield", value: "true" }, "sam put the shield up"],
    [{ do: "shield", value: false }, "sam put the shield down"],
    [{ do: "mode", value: '["links_off","unique"]', seconds: 5 }, "sam set the modes to links off, unique"],
    [{ do: "mode", value: "[]" }, "sam ended all modes"],
    [{ do: "terms", value: '[{"text":"a"}]' }, "sam set the terms to 1 term"],
    [{ do: "terms", value: "[]" }, "sam ended all terms"],
    [{ do: "terms", value: "sha256:ab" }, "sam set the terms"],
    [{ do: "rules", value: JSON.stringify(rules) }, "sam set the rules: links hold; caps 70, mark, only counted"],
    [{ do: "rules", value: "{}" }, "sam set the rules"],
    [{ do: "rules" }, "sam set the rules"],
  ];
  for (const [more, words] of cases) assert.equal(entryText(entry(more)), words);
});

test("what can be undone: an act that lasts, once", () => {
  assert.equal(canUndo(entry({}), new Set()), true);
  assert.equal(canUndo(entry({}), new Set(["a1"])), false);
  assert.equal(canUndo(entry({ do: "undo" }), new Set()), false);
  assert.equal(canUndo(entry({ act: null }), new Set()), false);
});

test("what has a reach: an act with an event, or one on all streams", () => {
  assert.equal(canReach(entry({ seq: 12 }), "here"), true);
  assert.equal(canReach(entry({ do: "ban" }), "here"), false);
  assert.equal(canReach(entry({ do: "slow" }), "everywhere"), true);
  assert.equal(canReach(entry({ do: "undo", seq: 12 }), "here"), false);
  assert.equal(canReach(entry({ act: null, seq: 12 }), "here"), false);
});

test("the trail takes each entry once, and knows what was lifted and who did what", () => {
  const never = (): Promise<AuditPage> => new Promise(() => undefined);
  const trail = new Trail({ audit: never, auditBefore: never }, () => undefined, () => undefined);
  const first = [entry({ n: 1, act: "a1", seq: 10 }), entry({ n: 2, act: "a2", do: "ban" })];
  assert.equal(trail.take(first).length, 2);
  assert.equal(trail.take([...first, entry({ n: 3, act: "a3", do: "undo", target: "act:a1", seq: 11 })]).length, 1);
  assert.deepEqual(trail.entries.map(({ n }) => n), [1, 2, 3]);
  assert.deepEqual([...trail.lifted], ["a1"]);
  assert.equal(trail.at(10)?.act, "a1");
  assert.equal(trail.at(12), undefined);
  trail.place(8, "a1");
  assert.equal(trail.at(8)?.act, "a1", "an act of many events is known by each of them");
});

test("the trail reads what is older on demand, once", async () => {
  const never = (): Promise<AuditPage> => new Promise(() => undefined);
  const asked: (number | undefined)[] = [];
  const auditBefore = (before?: number): Promise<AuditPage> => {
    asked.push(before);
    return Promise.resolve({ entries: [entry({ n: 3, act: "a3" }), entry({ n: 4, act: "a4", seq: 40 })], cursor: "4", before: "3", more: false });
  };
  const trail = new Trail({ audit: never, auditBefore }, () => undefined, () => undefined);
  trail.take([entry({ n: 5, act: "a5", do: "undo", target: "act:a4" })]);
  await Promise.all([trail.older(), trail.older()]);
  assert.deepEqual(trail.entries.map(({ n }) => n), [3, 4, 5]);
  assert.deepEqual([trail.has_older, trail.at(40)?.act, trail.lifted.has("a4")], [false, "a4", true]);
  assert.deepEqual(asked, [5, 5]);
});

test("what a clear would take is counted back to the beginning, or to where it is enough to say more", async () => {
  const history = (total: number, size: number) => (before?: string): Promise<HistoryPage> => {
    const end = before === undefined ? total : Number(before.split(".")[1]) - 1;
    const begin = Math.max(0, end - size);
    const comments = Array.from({ length: end - begin }, (_, at) => comment(begin + at + 1, `u${at % 3}`, "x"));
    return Promise.resolve({ epoch: "e", cursor: `e.${end}`, before: `e.${begin + 1}`, comments, more: begin > 0 });
  };
  const counted = await countComments({ comments: history(7, 3) });
  assert.deepEqual([counted.comments, counted.people, counted.has_more, counted.newest.map(({ seq }) => seq)], [7, 3, false, [5, 6, 7]]);
  assert.equal(countedText(counted, 0), "7 comments by 3 people, and what comes until you confirm.");
  const many = await countComments({ comments: history(20_000, 500) });
  assert.deepEqual([many.comments, many.has_more], [5_000, true]);
  assert.match(countedText(many, 0), /^More than 5.?000 comments by 3 people/);
  const none = await countComments({ comments: history(0, 3) });
  assert.equal(countedText(none, 0), "There is nothing to clear.");
  assert.equal(countedText(none, 12), "0 comments by 0 people, 12 that wait, and what comes until you confirm.");
});

test("what an appeal is about: the comments that the act names, or the last before it", () => {
  const wrote = (seq: number, at: number, state: "visible" | "deleted" = "visible"): Written => ({ ...comment(seq, "u9", `text ${seq}`), at, state });
  const { text: _, ...erased } = wrote(9, 9);
  const comments = [wrote(1, 1), wrote(2, 2, "deleted"), wrote(3, 3), wrote(4, 4, "deleted"), wrote(5, 50), erased];
  const told = (more: Partial<AuditEntry>): (number | undefined)[] => evidenceOf({ entry: entry({ at: 10, ...more }), lifted: false }, { comments }).map(({ seq }) => seq);
  assert.deepEqual(told({ target: "seq:2,4,9" }), [2, 4], "what is erased is no evidence");
  assert.deepEqual(told({ target: "id:c3" }), [3]);
  assert.deepEqual(told({ target: "ids:c2,c3,c8" }), [2, 3]);
  assert.deepEqual(told({ do: "purge", target: "user:u9" }), [2, 4]);
  assert.deepEqual(told({ do: "ban", target: "user:u9" }), [2, 3, 4]);
  assert.deepEqual(told({ do: "clear", target: null }), [2, 4]);
});

test("who is under what, until it is over", () => {
  const standing = new Standing({ house: () => new Promise(() => undefined) }, () => undefined, () => undefined);
  standing.take({ sanctions: [{ act: "a1", do: "timeout", at: 0, user: "u1", until: 1_000 }, { act: "a2", do: "ban", at: 0, user: "u1" }] });
  assert.deepEqual(standing.of("u1", 500).map((one) => one.do), ["timeout", "ban"]);
  assert.deepEqual(standing.of("u1", 1_000).map((one) => one.do), ["ban"]);
  assert.deepEqual(standing.of("u2", 0), []);
  standing.take({});
  assert.deepEqual(standing.of("u1", 0), []);
});

test("what is lifted is lifted where it holds, by who may", () => {
  const here = { act: "a1", do: "ban", at: 0, user: "u1" } as const;
  const all = { act: "a2", do: "ban", at: 0, user: "u1", all: true } as const;
  assert.equal(placeOf("unban", [here, all], true), "here");
  assert.equal(placeOf("unban", [all], true), "everywhere");
  assert.equal(placeOf("unban", [all], false), undefined);
  assert.equal(placeOf("unshadow", [here], true), undefined);
});

test("who asks what holds while it is being asked waits for the answer after", async () => {
  const answers: (() => void)[] = [];
  let asked = 0;
  const house = (): Promise<{ slow: number }> => new Promise((resolve) => {
    const slow = ++asked;
    answers.push(() => resolve({ slow }));
  });
  const standing = new Standing({ house }, () => undefined, () => undefined);
  const first = standing.refresh();
  const second = standing.refresh();
  answers[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(standing.house.slow, 1);
  answers[1]?.();
  await Promise.all([first, second]);
  assert.deepEqual([standing.house.slow, asked], [2, 2]);
});

test("reach says how many of how many, how soon, and who was cut", () => {
  assert.match(reachText({ viewers: 4_123, applied: 4_120, p50_ms: 12, p95_ms: 41, cut: 3 }), /^4.?120 of 4.?123 viewers, 95 % within 41 ms, 3 cut$/);
  assert.equal(reachText({ viewers: 1, applied: 0 }), "0 of 1 viewer");
});

test("exposure is told in viewers times time, of what was removed", () => {
  const told = (exposure_viewer_s: number, comments = 1): string => exposureText({ viewers: 1, applied: 1, exposure_viewer_s, comments });
  assert.equal(told(1.2), "seen for 1 viewer second");
  assert.equal(told(90), "seen for 90 viewer seconds");
  assert.equal(told(1_860), "seen for 31 viewer minutes");
  assert.match(told(36_000_000), /^seen for 10.?000 viewer hours$/);
  assert.equal(told(0, 0), "");
  assert.equal(told(0.4), "", "no words for nothing");
  assert.equal(exposureText({ viewers: 1, applied: 1, exposure_viewer_s: 90, comments: 2, exposure_partial: true }), "seen for at least 90 viewer seconds");
  assert.equal(exposureText({ viewers: 1, applied: 1 }), "");
});
