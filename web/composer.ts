// SPDX-License-Identifier: Apache-2.0
/* composer -- choosing a name, and writing under it. */
import { Problem, type Facts, type Stream } from "@roar/sdk";
import type { Pass } from "./device.js";
import { modeWords, reasonOf, waitText } from "./words.js";

const POINTS_MAX = 500;
/** From here on it is shown how many are left. */
const POINTS_SHOWN = 400;
const ROWS_MAX = 6;

export interface ComposerParts {
  readonly join: HTMLFormElement;
  readonly join_name: HTMLInputElement;
  readonly join_error: HTMLElement;
  readonly composer: HTMLFormElement;
  readonly text: HTMLTextAreaElement;
  readonly send: HTMLButtonElement;
  readonly hint: HTMLElement;
  readonly counter: HTMLElement;
  /** How long slow mode still makes us wait. */
  readonly wait: HTMLElement;
  readonly leave: HTMLButtonElement;
}

export class Composer {
  private countdown: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly parts: ComposerParts,
    private readonly stream: Stream,
    private readonly pass: Pass,
    private readonly on_posted: () => void,
  ) {
    const { join, composer, text, leave } = parts;
    join.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.enter();
    });
    composer.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    text.addEventListener("input", () => this.measure());
    leave.addEventListener("click", () => this.leave());
    this.choose();
  }

  /** Says what holds for writing now. */
  draw(facts: Facts): void {
    const { text, hint } = this.parts;
    const has_ended = facts.state === "ended";
    if (text.disabled !== has_ended) {
      text.disabled = has_ended;
      text.placeholder = has_ended ? "This stream has ended" : "Write a comment";
      this.measure();
    }
    const hints = facts.modes.flatMap((mode) => modeWords[mode] ?? []);
    if (facts.slow > 0) hints.unshift(`Slow mode: one comment every ${waitText(facts.slow)}`);
    const words = [...new Set(hints)].join(" · ");
    if (hint.textContent !== words) hint.textContent = words;
    this.drawWait();
  }

  /** Counts down what slow mode leaves to wait. What is sent before waits its time, or can be tried again. */
  private drawWait(): void {
    clearTimeout(this.countdown);
    const { wait } = this.parts;
    const at = this.stream.may_post_at;
    const left_s = at === undefined ? 0 : Math.ceil((at - Date.now()) / 1_000);
    wait.hidden = left_s <= 0;
    const words = left_s <= 0 ? "" : `Next in ${waitText(left_s)}`;
    if (wait.textContent !== words) wait.textContent = words;
    if (left_s > 0) this.countdown = setTimeout(() => this.drawWait(), 1_000);
  }

  /** Which of the two forms is there. */
  private choose(): void {
    const { user } = this.pass;
    const { join, composer, leave } = this.parts;
    join.hidden = user !== undefined;
    composer.hidden = user === undefined;
    leave.textContent = user === undefined ? "" : `${user.name} · change`;
    leave.ariaLabel = user === undefined ? null : `You write as ${user.name}. Change name`;
    this.measure();
  }

  private async enter(): Promise<void> {
    const { join_name, join_error, text } = this.parts;
    const name = join_name.value.trim();
    if (name === "") return;
    join_error.textContent = "";
    try {
      await this.pass.enter(name);
      await this.stream.identify();
    } catch (error) {
      const is_closed = error instanceof Problem && error.status === 403;
      join_error.textContent = is_closed ? "This server lets no guests in." : `${error instanceof Problem ? reasonOf(error) : String(error)}.`;
      join_name.focus();
      return;
    }
    this.choose();
    text.focus();
  }

  private leave(): void {
    this.parts.join_name.value = this.pass.user?.name ?? "";
    this.pass.leave();
    void this.stream.identify();
    this.choose();
    this.parts.join_name.focus();
    this.parts.join_name.select();
  }

  private measure(): void {
    const { text, send, counter } = this.parts;
    const left = POINTS_MAX - [...text.value.trim()].length;
    const words = left > POINTS_MAX - POINTS_SHOWN ? "" : left >= 0 ? `${left} left` : `${-left} too many`;
    if (counter.textContent !== words) counter.textContent = words;
    counter.classList.toggle("over", left < 0);
    send.disabled = text.disabled || left < 0 || left === POINTS_MAX;
    text.rows = Math.min(ROWS_MAX, text.value.split("\n").length);
  }

  private send(): void {
    const { text, send } = this.parts;
    if (send.disabled) return;
    try {
      this.stream.post({ text: text.value });
    } catch (error) {
      this.parts.counter.textContent = error instanceof Problem ? reasonOf(error) : String(error);
      return;
    }
    text.value = "";
    this.measure();
    this.on_posted();
  }
}
