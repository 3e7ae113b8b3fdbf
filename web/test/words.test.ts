// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { badgesOf, HUES, hueOf, initialsOf, nameOf } from "../look.js";
import { countText, timeText, viewersText, waitText } from "../words.js";

test("how long ago is told in one unit, and never in the future", () => {
  const now = 1_763_700_000_000;
  const cases: [number, string][] = [
    [-90_000, "now"],
    [0, "now"],
    [59_999, "now"],
    [60_000, "1 min"],
    [59 * 60_000, "59 min"],
    [3_600_000, "1 h"],
    [86_399_000, "23 h"],
    [3 * 86_400_000, "3 d"],
  ];
  for (const [age_ms, text] of cases) assert.equal(timeText(now - age_ms, now, "relative"), text);
});

test("the time of day has a date only when it is not of today", () => {
  const now = Date.now();
  assert.match(timeText(now - 60_000, now, "clock"), /^\d{1,2}.\d{2}( ?[AP]M)?$/i);
  assert.ok(timeText(now - 3 * 86_400_000, now, "clock").length > 7);
});

test("counts agree with their nouns; a guess says that it is one", () => {
  assert.equal(countText(1, "comment", "comments"), "1 comment");
  assert.match(countText(1234, "comment", "comments"), /^1.?234 comments$/);
  assert.equal(viewersText(7, false), "7 watching");
  assert.match(viewersText(120_034, true), /^about 120.?K watching$/i);
});

test("a wait is told in one unit or two", () => {
  const cases: [number, string][] = [[1, "1 second"], [59, "59 seconds"], [60, "1 minute"], [90, "1 min 30 s"], [3_600, "1 hour"], [5_400, "1 h 30 min"], [86_400, "1 day"], [2_419_200, "28 days"], [90_000, "1 d 1 h"]];
  for (const [seconds, text] of cases) assert.equal(waitText(seconds), text);
});

test("initials are letters of any script, and there is always something", () => {
  for (const [name, initials] of [["Mira Okafor", "MO"], ["jonas", "J"], ["佐藤 健", "佐健"], ["<b>x</b>", "BX"], ["  ", "  "], ["🎉 party", "P"], ["🎉", "🎉"], ["x y z", "XY"]]) {
    assert.equal(initialsOf(name ?? ""), initials === "  " ? " " : initials, name);
  }
});

test("a user's colour is theirs, and all colours are used", () => {
  assert.equal(hueOf("u7"), hueOf("u7"));
  const hues = new Set(Array.from({ length: 500 }, (_, i) => hueOf(`user-${i}`)));
  assert.equal(hues.size, HUES);
});

test("badges are of known roles, the weightiest first; a user without a name has an id", () => {
  const user = { id: "u1", name: " ", roles: ["verified", "viewer", "host", "wizard"] };
  assert.deepEqual(badgesOf(user), [["host", "Host"], ["verified", "Verified"]]);
  assert.equal(nameOf(user), "u1");
});
