// SPDX-License-Identifier: Apache-2.0
/* announcer -- reads new comments to a screen reader, at a pace that can be listened to: at most one
 * announcement every PACE_MS, and when more than a few came, how many and the newest. */
import { countText } from "./words.js";

const PACE_MS = 5_000;
const WHOLE_MAX = 2;
const TEXT_MAX = 160;
/** What takes another's place sooner is all that is heard. */
const APART_MS = 300;
const OWN_MAX = 4;

interface Spoken {
  readonly name: string;
  readonly text: string;
}

export class Announcer {
  is_on = true;
  private waiting: Spoken[] = [];
  private count = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly own: string[] = [];
  private gap: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly region: HTMLElement) {}

  /** A comment came that its reader did not write. */
  comment(name: string, text: string): void {
    if (!this.is_on) return;
    this.count++;
    this.waiting.push({ name, text: text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)} …` : text });
    if (this.waiting.length > WHOLE_MAX) this.waiting.shift();
    this.timer ??= setTimeout(() => this.speak(), PACE_MS);
  }

  /** Something of the reader's own, which waits for nothing but what was said a moment ago; the same again is said again. */
  now(text: string): void {
    this.own.push(text);
    if (this.own.length > OWN_MAX) this.own.shift();
    if (this.gap === undefined) this.sayOwn();
  }

  private sayOwn(): void {
    const text = this.own.shift();
    this.gap = text === undefined ? undefined : setTimeout(() => this.sayOwn(), APART_MS);
    if (text !== undefined) this.region.textContent = text === this.region.textContent ? `${text}\u00a0` : text;
  }

  private speak(): void {
    this.timer = undefined;
    const whole = this.waiting.map(({ name, text }) => `${name}: ${text}`);
    const text = this.count <= WHOLE_MAX ? whole.join(". ") : `${countText(this.count, "new comment", "new comments")}. ${whole.at(-1) ?? ""}`;
    this.region.textContent = text;
    this.waiting = [];
    this.count = 0;
  }
}
