// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffDefaults, backoffMs, namedMs } from "../src/backoff.js";
import { retryAfterMs } from "../src/http.js";

test("backoff doubles to its limit, jittered within the upper half", () => {
  for (let tries = 0; tries < 2_000; tries++) {
    const ceiling = Math.min(backoffDefaults.max_ms, backoffDefaults.first_ms * 2 ** tries);
    assert.equal(backoffMs(tries, () => 0), ceiling / 2);
    const highest = backoffMs(tries, () => 1 - Number.EPSILON);
    assert.ok(highest <= ceiling && highest >= ceiling - 1, `${tries}: ${highest}`);
  }
});

test("a named wait is never cut, and stretched by a quarter and two seconds at most", () => {
  for (const retry_ms of [0, 100, 3_120, 60_000]) {
    assert.equal(namedMs(retry_ms, () => 0), retry_ms);
    assert.ok(namedMs(retry_ms, () => 0.999) <= retry_ms + Math.min(retry_ms / 4, 2_000));
  }
});

test("Retry-After is read as seconds or as a date", () => {
  assert.equal(retryAfterMs("7"), 7_000);
  assert.equal(retryAfterMs("Fri, 21 Nov 2025 10:00:10 GMT", Date.parse("2025-11-21T10:00:00Z")), 10_000);
  assert.equal(retryAfterMs("Fri, 21 Nov 2025 10:00:00 GMT", Date.parse("2025-11-21T11:00:00Z")), 0);
  assert.equal(retryAfterMs("soon"), undefined);
  assert.equal(retryAfterMs(null), undefined);
});
