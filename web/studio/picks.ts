// SPDX-License-Identifier: Apache-2.0
/* picks -- which of a list are chosen for one act on all of them: one by one, a run from one to another, or all.
 *
 * A run grows and shrinks while it is drawn: what was chosen before it began stays chosen.
 */
export class Picks<T> {
  private picked: ReadonlyMap<string, T> = new Map();
  /** What was chosen before the run. */
  private before: ReadonlyMap<string, T> = this.picked;
  private begin: string | undefined;

  constructor(
    private readonly keyOf: (item: T) => string,
    /** Others can not be chosen. */
    private readonly can: (item: T) => boolean,
  ) {}

  get size(): number {
    return this.picked.size;
  }

  get items(): readonly T[] {
    return [...this.picked.values()];
  }

  has(item: T): boolean {
    return this.picked.has(this.keyOf(item));
  }

  /** One more, or one less; from here a run begins. False: it can not be chosen. */
  toggle(item: T): boolean {
    const key = this.keyOf(item);
    const next = new Map(this.picked);
    if (!next.delete(key)) {
      if (!this.can(item)) return false;
      next.set(key, item);
    }
    this.set(next);
    this.begin = key;
    return true;
  }

  /** All from where the run began up to `to`; it begins at `from` where none has. */
  stretch(items: readonly T[], from: T, to: T): void {
    const keys = items.map(this.keyOf);
    if (this.begin === undefined || !keys.includes(this.begin)) this.begin = this.keyOf(from);
    const [first, last] = [keys.indexOf(this.begin), keys.indexOf(this.keyOf(to))].sort((a, b) => a - b) as [number, number];
    this.picked = this.with(this.before, items.slice(first, last + 1));
  }

  /** How many of these can not be chosen. */
  add(items: readonly T[]): number {
    this.set(this.with(this.picked, items));
    return items.filter((item) => !this.can(item)).length;
  }

  drop(keys: Iterable<string>): void {
    const next = new Map(this.picked);
    let is_less = false;
    for (const key of keys) is_less = next.delete(key) || is_less;
    if (is_less) this.set(next);
  }

  clear(): void {
    this.set(new Map());
  }

  /** The next run begins anew. */
  endRun(): void {
    this.set(this.picked);
  }

  private with(picked: ReadonlyMap<string, T>, items: readonly T[]): ReadonlyMap<string, T> {
    const next = new Map(picked);
    for (const item of items) if (this.can(item)) next.set(this.keyOf(item), item);
    return next;
  }

  private set(picked: ReadonlyMap<string, T>): void {
    this.picked = picked;
    this.before = picked;
    this.begin = undefined;
  }
}
