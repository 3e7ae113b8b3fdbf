// SPDX-License-Identifier: Apache-2.0
/* backoff -- how long to wait before the next try. */

export interface BackoffLimits {
  /** The longest wait before the second try; it doubles from there. */
  readonly first_ms: number;
  readonly max_ms: number;
}

export const backoffDefaults: BackoffLimits = { first_ms: 1_000, max_ms: 30_000 };

/** The wait before try number `tries` + 1, where `tries` have failed: within [half, whole] of the doubled
 * limit, so that a crowd that lost its server together does not come back together. */
export function backoffMs(tries: number, random: () => number, limits: BackoffLimits = backoffDefaults): number {
  const ceiling = Math.min(limits.max_ms, limits.first_ms * 2 ** Math.min(tries, 30));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}

/** A wait that the server named: never less, and a little more, since it told others the same. */
export function namedMs(retry_ms: number, random: () => number): number {
  return Math.round(retry_ms + random() * Math.min(retry_ms * 0.25, 2_000));
}
