// SPDX-License-Identifier: Apache-2.0
/* trail -- the audit as it grows: everything that anybody does to this stream, a moment after it was done.
 *
 * Acts that change what viewers see come by the stream as well, at once; poke() then looks at once, too.
 */
import type { AuditEntry, Moderator } from "@roar/sdk";

const PACE_MS = 1_000;
const HIDDEN_PACE_MS = 15_000;
/** What is read when it begins, and with each page of what is older. */
const PAGE = 300;
const KEPT = 10_000;

const undoneBy = ({ do: what, target }: AuditEntry): string | undefined =>
  what === "undo" && target?.startsWith("act:") === true ? target.slice(4) : undefined;

export class Trail {
  /** Oldest first. */
  entries: readonly AuditEntry[] = [];
  /** Acts that were undone. */
  readonly lifted = new Set<string>();
  /** Whether there is more before the oldest of them. */
  has_older = false;
  private readonly by_seq = new Map<number, AuditEntry>();
  private after = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private is_asking = false;
  private is_poked = false;

  constructor(
    private readonly moderator: Pick<Moderator, "audit" | "auditBefore">,
    /** With what is new; the first time with all that is read then. */
    private readonly grew: (fresh: readonly AuditEntry[], is_first: boolean) => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  start(): void {
    document.addEventListener("visibilitychange", () => this.poke());
    void this.ask(true);
  }

  /** Something happened: looks now. */
  poke(): void {
    if (this.is_asking) this.is_poked = true;
    else void this.ask(false);
  }

  /** Who did the act whose event is at this place. */
  at(seq: number): AuditEntry | undefined {
    return this.by_seq.get(seq);
  }

  /** Takes newer entries in; those that are known are left out. */
  take(page: readonly AuditEntry[]): readonly AuditEntry[] {
    const fresh = page.filter(({ n }) => n > this.after);
    for (const entry of fresh) this.learn(entry);
    this.after = fresh.at(-1)?.n ?? this.after;
    const all = [...this.entries, ...fresh];
    this.has_older = this.has_older || all.length > KEPT;
    for (const { seq } of all.slice(0, -KEPT)) if (seq !== null) this.by_seq.delete(seq);
    this.entries = all.slice(-KEPT);
    return fresh;
  }

  /** Reads what was done before the oldest entry here. Throws Problem. */
  async older(): Promise<void> {
    const oldest = this.entries[0]?.n;
    if (oldest === undefined) return;
    const page = await this.moderator.auditBefore(oldest, PAGE);
    if (this.entries[0]?.n !== oldest) return;
    for (const entry of page.entries) this.learn(entry);
    this.entries = [...page.entries, ...this.entries];
    this.has_older = page.more && this.entries.length < KEPT;
  }

  private learn(entry: AuditEntry): void {
    const undone = undoneBy(entry);
    if (undone !== undefined) this.lifted.add(undone);
    if (entry.seq !== null) this.by_seq.set(entry.seq, entry);
  }

  private async begin(): Promise<readonly AuditEntry[]> {
    const page = await this.moderator.auditBefore(undefined, PAGE);
    this.has_older = page.more;
    return this.take(page.entries);
  }

  private async follow(): Promise<readonly AuditEntry[]> {
    const fresh: AuditEntry[] = [];
    for (let more = true; more; ) {
      const page = await this.moderator.audit(this.after);
      fresh.push(...this.take(page.entries));
      more = page.more && page.entries.length > 0;
    }
    return fresh;
  }

  private async ask(is_first: boolean): Promise<void> {
    clearTimeout(this.timer);
    this.is_asking = true;
    this.is_poked = false;
    try {
      const fresh = await (is_first ? this.begin() : this.follow());
      if (fresh.length > 0 || is_first) this.grew(fresh, is_first);
      is_first = false;
    } catch (error) {
      this.failed(error);
    } finally {
      this.is_asking = false;
      const pace_ms = this.is_poked ? 0 : document.visibilityState === "visible" ? PACE_MS : HIDDEN_PACE_MS;
      this.timer = setTimeout(() => void this.ask(is_first), pace_ms);
    }
  }
}
