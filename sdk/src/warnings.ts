// SPDX-License-Identifier: Apache-2.0
/* warnings -- what moderators said to us and we have not acknowledged, the oldest first. We are told
 * again whenever we come back, with every poll even.
 */

export interface Warning {
  readonly act: string;
  /** What the moderator said; empty where only the refusal told us. */
  readonly text: string;
}

export class Warnings {
  private readonly acts = new Map<string, Warning>();
  private readonly done = new Set<string>();

  get oldest(): Warning | undefined {
    return this.acts.values().next().value;
  }

  /** False: that is nothing new. */
  tell(act: string, text: string): boolean {
    const before = this.acts.get(act)?.text;
    if (this.done.has(act) || before === text || (before !== undefined && text === "")) return false;
    this.acts.set(act, { act, text });
    return true;
  }

  /** The server says that it stands, whatever we thought. */
  stands(act: string): void {
    this.done.delete(act);
    this.tell(act, "");
  }

  acknowledged(act: string): void {
    this.acts.delete(act);
    this.done.add(act); // it may still be on its way to us
  }

  /** Somebody else is here. */
  clear(): void {
    this.acts.clear();
    this.done.clear();
  }
}
