// SPDX-License-Identifier: Apache-2.0
/* standing -- what holds for whom in this stream: its rules, and who is under a sanction. */
import type { House, Moderator, Sanction } from "@roar/sdk";

const PACE_MS = 2_000;
const NOTHING: House = {};

export class Standing {
  house: House = NOTHING;
  private by_user = new Map<string, Sanction[]>();
  private timer: ReturnType<typeof setInterval> | undefined;
  private asking: Promise<void> | undefined;
  private is_poked = false;

  constructor(
    private readonly moderator: Pick<Moderator, "house">,
    private readonly changed: () => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  take(house: House): void {
    this.house = house;
    this.by_user = new Map();
    for (const sanction of house.sanctions ?? []) {
      if (sanction.user === undefined) continue;
      const held = this.by_user.get(sanction.user);
      if (held === undefined) this.by_user.set(sanction.user, [sanction]);
      else held.push(sanction);
    }
  }

  /** In force now. */
  of(user: string, now = Date.now()): readonly Sanction[] {
    return (this.by_user.get(user) ?? []).filter(({ until }) => until === undefined || until > now);
  }

  /** What rules hit is counted all the time: asks again and again while somebody looks. */
  watch(is_watched: boolean): void {
    clearInterval(this.timer);
    if (is_watched) this.timer = setInterval(() => void this.refresh(), PACE_MS);
  }

  /** Asks anew; what is asked meanwhile is asked once more afterwards. Resolves when what holds now is known. */
  refresh(): Promise<void> {
    this.is_poked = true;
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async ask(): Promise<void> {
    try {
      while (this.is_poked) {
        this.is_poked = false;
        this.take(await this.moderator.house());
        this.changed();
      }
    } catch (error) {
      this.failed(error);
    }
  }
}
