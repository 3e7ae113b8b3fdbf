// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Announcer } from "../announcer.js";

/** What a screen reader would say in answer to `run`, with the clock in the test's hand. */
function spoken(run: (announcer: Announcer, wait: (ms: number) => void) => void): string[] {
  const said: string[] = [];
  const timers: { at: number; on_due: () => void }[] = [];
  let now = 0;
  const start = mock.method(globalThis, "setTimeout", (on_due: () => void, after_ms: number) => timers.push({ at: now + after_ms, on_due }));
  const region = { set textContent(text: string) { said.push(text); } } as HTMLElement;
  run(new Announcer(region), (ms) => {
    now += ms;
    for (const timer of timers.splice(0)) if (timer.at <= now) timer.on_due(); else timers.push(timer);
  });
  start.mock.restore();
  return said;
}

test("a comment or two are read whole, after a pause", () => {
  const said = spoken((announcer, wait) => {
    announcer.comment("Ann", "hello");
    announcer.comment("Bob", "hi");
    wait(4_999);
    wait(1);
  });
  assert.deepEqual(said, ["Ann: hello. Bob: hi"]);
});

test("a flood is one sentence every five seconds", () => {
  const said = spoken((announcer, wait) => {
    for (let second = 0; second < 20; second++) {
      for (let i = 0; i < 200; i++) announcer.comment("Ann", `text ${second}.${i}`);
      wait(1_000);
    }
  });
  assert.equal(said.length, 4);
  assert.match(said[0] ?? "", /^1.?000 new comments\. Ann: text 4\.199$/);
});

test("switched off it is silent; what is the reader's own does not wait; long texts are cut", () => {
  const said = spoken((announcer, wait) => {
    announcer.is_on = false;
    announcer.comment("Ann", "hello");
    wait(10_000);
    announcer.now("Not sent: too long");
    announcer.is_on = true;
    announcer.comment("Bob", "x".repeat(500));
    wait(5_000);
  });
  assert.equal(said[0], "Not sent: too long");
  assert.ok((said[1] ?? "").length < 200);
  assert.equal(said.length, 2);
});

test("two of the reader's own at once are both said, the second a moment later; of very many the newest", () => {
  const said = spoken((announcer, wait) => {
    announcer.now("Undone: Deleted Ann's comment.");
    announcer.now("1 group of similar comments in the raid panel.");
    wait(299);
    announcer.now("Banned Ann.");
    wait(1);
    wait(300);
    wait(300);
    for (let at = 0; at < 9; at++) announcer.now(`${at} chosen.`);
    for (let at = 0; at < 9; at++) wait(300);
  });
  assert.deepEqual(said, ["Undone: Deleted Ann's comment.", "1 group of similar comments in the raid panel.", "Banned Ann.", "0 chosen.", "5 chosen.", "6 chosen.", "7 chosen.", "8 chosen."]);
});
