// SPDX-License-Identifier: Apache-2.0
/* reach -- how far the last acts have come: how many viewers have had them written, and how soon. */
import { Problem, type Moderator, type Reach as Figures } from "@roar/sdk";
import { make } from "../dom.js";
import { countText } from "../words.js";
import type { Where } from "./scope.js";

const SHOWN = 4;
const PACE_MS = 1_000;
/** After so long nothing more comes of an act: who is late was cut. */
const FOLLOWED_MS = 30_000;

const number = new Intl.NumberFormat();

type Reached = Pick<Moderator, "reach">;

interface Followed {
  readonly act: string;
  readonly where: Where;
  readonly words: string;
  readonly until: number;
  figures: Figures | undefined;
  is_over: boolean;
}

/** "seen for 31 viewer minutes": what an act has taken away, before it did. */
export function exposureText({ exposure_viewer_s, comments, exposure_partial }: Figures): string {
  if (exposure_viewer_s === undefined || comments === 0) return "";
  return `seen for ${exposure_partial === true ? "at least " : ""}${viewerTime(Math.round(exposure_viewer_s))}`;
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

export class Reach {
  private followed: readonly Followed[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly box: HTMLElement,
    private readonly moderators: Readonly<Record<Where, Reached>>,
  ) {}

  follow(act: string, words: string, where: Where): void {
    if (this.followed.some((one) => one.act === act)) return;
    const one = { act, where, words, until: Date.now() + FOLLOWED_MS, figures: undefined, is_over: false };
    this.followed = [one, ...this.followed].slice(0, SHOWN);
    void this.ask();
  }

  private async ask(): Promise<void> {
    clearTimeout(this.timer);
    await Promise.all(this.followed.filter(({ is_over }) => !is_over).map((one) => this.look(one)));
    this.draw();
    clearTimeout(this.timer);
    if (this.followed.some(({ is_over }) => !is_over)) this.timer = setTimeout(() => void this.ask(), PACE_MS);
  }

  private async look(one: Followed): Promise<void> {
    try {
      const figures = await this.moderators[one.where].reach(one.act);
      const is_settled = figures.state === "settled" && one.figures?.state === "settled"; // by all cores, not by the first
      if (figures.known !== false && figures.event !== false) one.figures = figures;
      one.is_over = figures.state === "none" || is_settled || Date.now() > one.until;
    } catch (error) {
      // An act on nothing that viewers are shown has no reach.
      one.is_over = (error instanceof Problem && !error.is_passing) || Date.now() > one.until;
    }
  }

  private draw(): void {
    const shown = this.followed.filter(({ figures }) => figures !== undefined);
    this.box.hidden = shown.length === 0;
    this.box.replaceChildren(...shown.map(barOf));
  }
}

function barOf({ words, figures, is_over }: Followed): HTMLElement {
  const row = make("div", is_over ? "reached" : "reached going");
  if (figures === undefined) return row;
  const bar = make("progress", "");
  bar.max = Math.max(1, figures.viewers);
  bar.value = figures.viewers === 0 ? 1 : figures.applied;
  bar.setAttribute("aria-label", words);
  const exposed = exposureText(figures);
  row.append(make("span", "text", words), bar, make("span", "why", reachText(figures)));
  if (exposed !== "") row.append(make("span", "why exposure", exposed));
  return row;
}
