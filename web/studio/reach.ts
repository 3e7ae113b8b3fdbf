// SPDX-License-Identifier: Apache-2.0
/* reach -- how far the last acts have come: how many viewers have had them written, and how soon. The newest is in
 * sight, a few before it on demand; what is settled goes by itself after a while, and is found again from the audit.
 * The strip keeps its height: what stands above it is pressed. */
import { Problem, type Moderator, type Reach as Figures } from "@roar/sdk";
import { make, setText } from "../dom.js";
import { countText } from "../words.js";
import { timeOf } from "./live.js";
import type { Where } from "./scope.js";

const SHOWN = 4;
const PACE_MS = 1_000;
/** After so long nothing more comes of an act: who is late was cut. */
const FOLLOWED_MS = 30_000;
/** Nothing more comes of it, and it was there to be read. */
const KEPT_MS = 60_000;

const number = new Intl.NumberFormat();

type Reached = Pick<Moderator, "reach">;

export interface ReachParts {
  readonly strip: HTMLElement;
  readonly rows: HTMLElement;
  readonly more: HTMLButtonElement;
  readonly away: HTMLButtonElement;
  /** Where the focus goes when what had it is put away. */
  readonly rest: HTMLElement;
}

/** An act to be followed. */
export interface Reaching {
  readonly act: string;
  /** "Deleted Ann's comment" */
  readonly words: string;
  readonly where: Where;
  /** When it was done. */
  readonly at: number;
}

interface Followed extends Reaching {
  readonly row: Row;
  readonly until: number;
  figures: Figures | undefined;
  /** Nothing more comes of it, since then. */
  over_at: number | undefined;
}

/** "seen for 31 viewer minutes": what an act has taken away, before it did. */
export function exposureText({ exposure_viewer_s, comments, exposure_partial }: Figures): string {
  const seconds = Math.round(exposure_viewer_s ?? 0);
  if (seconds === 0 || comments === 0) return "";
  return `seen for ${exposure_partial === true ? "at least " : ""}${viewerTime(seconds)}`;
}

function viewerTime(seconds: number): string {
  if (seconds < 120) return countText(seconds, "viewer second", "viewer seconds");
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? countText(minutes, "viewer minute", "viewer minutes") : countText(Math.round(minutes / 60), "viewer hour", "viewer hours");
}

/** "4,120 of 4,123 viewers, 95 % within 41 ms" */
export function reachText({ viewers, applied, p95_ms, cut }: Figures): string {
  const soon = p95_ms === undefined || applied === 0 ? "" : `, 95 % within ${number.format(p95_ms)} ms`;
  const lost = cut === undefined || cut === 0 ? "" : `, ${number.format(cut)} cut`;
  return `${number.format(applied)} of ${countText(viewers, "viewer", "viewers")}${soon}${lost}`;
}

/** One act, told anew in place each time that more is known. */
class Row {
  readonly element = make("div", "reached");
  private readonly bar = make("progress", "");
  private readonly figures = make("span", "why figures");
  private readonly exposure = make("span", "why exposure");

  constructor({ words, at }: Reaching) {
    this.bar.setAttribute("aria-label", words);
    const text = make("span", "text", words);
    text.title = words;
    this.element.append(timeOf(at), text, this.bar, this.figures, this.exposure);
  }

  draw(figures: Figures, is_over: boolean): void {
    this.element.className = is_over ? "reached" : "reached going";
    this.bar.max = Math.max(1, figures.viewers);
    this.bar.value = figures.viewers === 0 ? 1 : figures.applied;
    setText(this.figures, reachText(figures));
    setText(this.exposure, exposureText(figures));
  }
}

export class Reach {
  private followed: readonly Followed[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly parts: ReachParts,
    private readonly moderators: Readonly<Record<Where, Reached>>,
  ) {
    parts.more.addEventListener("click", () => this.unfold(!this.is_open));
    parts.away.addEventListener("click", () => this.putAway());
    this.draw();
  }

  /** Resolves with whether anything is known of it. */
  async follow(reaching: Reaching): Promise<boolean> {
    const known = this.followed.find(({ act }) => act === reaching.act);
    const one = known ?? { ...reaching, row: new Row(reaching), until: Date.now() + FOLLOWED_MS, figures: undefined, over_at: undefined };
    this.followed = [one, ...this.followed.filter((other) => other !== one)].slice(0, SHOWN);
    if (known === undefined) await this.ask();
    this.draw();
    return one.figures !== undefined;
  }

  private get is_open(): boolean {
    return this.parts.more.getAttribute("aria-expanded") === "true";
  }

  private unfold(is_open: boolean): void {
    this.parts.more.setAttribute("aria-expanded", String(is_open));
    this.draw();
  }

  private putAway(): void {
    this.followed = [];
    this.parts.rest.focus({ preventScroll: true });
    this.unfold(false);
  }

  private async ask(): Promise<void> {
    clearTimeout(this.timer);
    await Promise.all(this.followed.filter(({ over_at }) => over_at === undefined).map((one) => this.look(one)));
    this.draw();
    clearTimeout(this.timer);
    if (this.followed.length > 0) this.timer = setTimeout(() => void this.ask(), PACE_MS);
  }

  private async look(one: Followed): Promise<void> {
    const is_late = Date.now() > one.until;
    try {
      const figures = await this.moderators[one.where].reach(one.act);
      const is_settled = figures.state === "settled" && one.figures?.state === "settled"; // by all cores, not by the first
      if (figures.known !== false && figures.event !== false) one.figures = figures;
      if (figures.state === "none" || is_settled || is_late) one.over_at = Date.now();
    } catch (error) {
      // An act on nothing that viewers are shown has no reach.
      if ((error instanceof Problem && !error.is_passing) || is_late) one.over_at = Date.now();
    }
  }

  /** Those that somebody is reading stay. */
  private tidy(now: number): void {
    const { strip } = this.parts;
    if (this.is_open || strip.matches(":hover") || strip.contains(document.activeElement)) return;
    this.followed = this.followed.filter(({ over_at }) => over_at === undefined || now < over_at + KEPT_MS);
  }

  private draw(): void {
    const { strip, rows, more, away } = this.parts;
    this.tidy(Date.now());
    const shown = this.followed.filter(({ figures }) => figures !== undefined);
    for (const { row, figures, over_at } of shown) if (figures !== undefined) row.draw(figures, over_at !== undefined);
    const elements = shown.map(({ row }) => row.element);
    if (elements.length !== rows.childElementCount || elements.some((element, at) => element !== rows.children[at])) rows.replaceChildren(...elements);
    strip.classList.toggle("is-empty", shown.length === 0);
    strip.classList.toggle("is-open", this.is_open);
    away.hidden = shown.length === 0;
    strip.classList.toggle("is-single", shown.length === 1);
    more.hidden = shown.length === 0;
    setText(more, this.is_open ? "Less" : shown.length === 1 ? "More" : `${shown.length - 1} more`);
  }
}
