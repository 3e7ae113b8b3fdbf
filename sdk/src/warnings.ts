// SPDX-License-Identifier: Apache-2.0
/* warnings -- what moderators said to us and we have not acknowledged, the oldest first. We are told
 * again whenever we come back, with every poll even.
 *
 *   told ──▶ in force ──▶ over: acknowledged here or elsewhere, undone. It does not come back,
 *                         whatever was on its way to us.
 */

export interface Warning {
  readonly act: string;
  /** What the moderator said; empty where only the refusal told us. */
  readonly text: string;
}

const OVER_MAX = 200;

export class Warnings {
  private readonly in_force = new Map<string, Warning>();
  private readonly over = new Set<string>();

  get oldest(): Warning | undefined {
    return this.in_force.values().next().value;
  }

  /** Those in force, as far as we know. */
  get acts(): ReadonlySet<string> {
    return new Set(this.in_force.keys());
  }

  has(act: string): boolean {
    return this.in_force.has(act);
  }

  /** False: that is nothing new. */
  tell(act: string, text: string): boolean {
    const before = this.in_force.get(act)?.text;
    if (this.over.has(act) || before === text || (before !== undefined && text === "")) return false;
    this.in_force.set(act, { act, text });
    return true;
  }

  /** False: it was not there. */
  end(act: string): boolean {
    this.over.delete(act);
    this.over.add(act); // it may still be on its way to us
    for (const oldest of this.over) {
      if (this.over.size <= OVER_MAX) break;
      this.over.delete(oldest);
    }
    return this.in_force.delete(act);
  }

  /** The server says that it stands, whatever we thought. */
  stands(act: string): void {
    this.over.delete(act);
    this.tell(act, "");
  }

  /** Of those that we had when we asked (`asked_with`) only these stand. True: some are gone. */
  keep(acts: ReadonlySet<string>, asked_with: ReadonlySet<string>): boolean {
    const before = this.in_force.size;
    for (const act of asked_with) if (!acts.has(act)) this.in_force.delete(act); // of very many the oldest are told
    return this.in_force.size < before;
  }

  /** Somebody else is here. */
  clear(): void {
    this.in_force.clear();
    this.over.clear();
  }
}
