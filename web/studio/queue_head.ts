// SPDX-License-Identifier: Apache-2.0
/* queue_head -- what stands above the queue: how many wait, how many of them are picked, which page this is, and a
 * raid that gathers in it. It keeps its height: what stands below is pressed. */
import { setText } from "../dom.js";
import { countText, numberText } from "../words.js";

export interface QueueHeadParts {
  readonly head: HTMLElement;
  readonly all: HTMLInputElement;
  readonly words: HTMLElement;
  readonly none: HTMLButtonElement;
  readonly pages: HTMLElement;
  readonly page: HTMLElement;
  readonly earlier: HTMLButtonElement;
  readonly later: HTMLButtonElement;
  /** Where the focus goes when what had it can not be pressed any more. */
  readonly box: HTMLElement;
}

export interface QueueHeadActs {
  pickShown(is_on: boolean): void;
  unpick(): void;
  turn(by: 1 | -1): void;
}

export interface QueueState {
  readonly shown: number;
  /** How many wait in all. */
  readonly count: number;
  readonly picked: number;
  /** Of those shown. */
  readonly picked_here: number;
  /** How many of those shown can be picked. */
  readonly free: number;
  readonly page: number;
  readonly has_more: boolean;
}

/** "12 of 300 chosen" */
export function pickedText({ count, picked }: Pick<QueueState, "count" | "picked">): string {
  if (picked === 0) return countText(count, "waits", "wait");
  return `${numberText(picked)} of ${numberText(Math.max(count, picked))} chosen`;
}

export class QueueHead {
  constructor(
    private readonly parts: QueueHeadParts,
    acts: QueueHeadActs,
  ) {
    const { all, none, earlier, later } = parts;
    all.addEventListener("change", () => acts.pickShown(all.checked));
    none.addEventListener("click", () => acts.unpick());
    earlier.addEventListener("click", () => acts.turn(-1));
    later.addEventListener("click", () => acts.turn(1));
  }

  draw(state: QueueState): void {
    const { head, all, words, none, pages, page, earlier, later } = this.parts;
    const { shown, picked, picked_here, free, has_more } = state;
    head.hidden = shown === 0 && picked === 0;
    all.checked = picked_here > 0 && picked_here >= free;
    all.indeterminate = picked_here > 0 && !all.checked;
    all.ariaLabel = `Choose all ${shown} shown`;
    setText(words, pickedText(state));
    this.can(none, picked > 0);
    pages.hidden = state.page === 1 && !has_more;
    setText(page, String(state.page));
    this.can(earlier, state.page > 1);
    this.can(later, has_more);
  }

  /** What can not be pressed keeps its place. */
  private can(button: HTMLButtonElement, can: boolean): void {
    if (button.disabled === !can) return;
    const had_focus = button === document.activeElement;
    button.disabled = !can;
    if (had_focus) this.parts.box.focus({ preventScroll: true });
  }
}
