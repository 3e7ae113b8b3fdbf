// SPDX-License-Identifier: Apache-2.0
/* anchor -- what somebody looks at in a list stays where it is on the screen, whatever changes in the list and around
 * it: lines that grow or go, a strip that comes above the list, acts that come below it.
 *
 * That is the chosen item, or the first in sight of a list that was scrolled. Browsers hold an item by its distance from
 * the edge of the list, which is what moves when something comes above it; so they are told to leave it (overflow-anchor).
 * A list that stands at its beginning, with nothing chosen, follows what comes.
 */

/** So near to where a list begins nobody has scrolled away from it. */
export const NEAR_PX = 40;

interface Held {
  readonly element: HTMLElement;
  /** Where it is on the screen. */
  readonly top: number;
  /** All of it is in sight. */
  readonly is_whole: boolean;
  readonly state: BoxState;
}

/** How far the list is scrolled, and its sizes: where these are others it was not somebody who scrolled it. */
interface BoxState {
  readonly scrolled: number;
  readonly sizes: string;
}

export class Anchor {
  private held: Held | undefined;

  constructor(
    private readonly box: HTMLElement,
    /** Where the items stand. */
    private readonly items: HTMLElement,
    private readonly chosen: () => HTMLElement | undefined,
  ) {
    const sizes = new ResizeObserver(() => this.settle());
    for (const element of new Set([box, items])) sizes.observe(element);
    box.addEventListener("scroll", () => this.scrolled(), { passive: true });
  }

  /** Puts it back where it was. More may change before the frame is painted: where it can not be yet it may be then. */
  hold(): void {
    if (this.box.clientHeight === 0) return; // out of sight itself: it is there when the list is
    if (this.putBack() && this.held !== undefined) this.held = { ...this.held, state: this.state };
    else this.take();
  }

  /** The frame is about to be painted: back where it was, and in sight if all of it was; `is_sought`: in any case. */
  settle(is_sought = false): void {
    if (this.box.clientHeight === 0) return;
    this.putBack();
    if (is_sought || this.held?.is_whole === true) this.bringIntoSight();
    this.take();
  }

  /** It is where it is: somebody has chosen it there, or scrolled. */
  take(): void {
    const element = this.chosen() ?? this.firstInSight();
    if (element === undefined) {
      this.held = undefined;
      return;
    }
    const { box, held, state } = this;
    const [frame, place] = [box.getBoundingClientRect(), element.getBoundingClientRect()];
    // Lists scroll by whole pixels: what is lost by that is not to add up.
    const top = element === held?.element && Math.abs(place.top - held.top) < 1 ? held.top : place.top;
    this.held = { element, top, is_whole: place.top >= frame.top - 1 && place.bottom <= frame.bottom + 1, state };
  }

  /** What comes in its stead comes in its place. */
  hand(element: HTMLElement): void {
    if (this.held !== undefined) this.held = { ...this.held, element };
  }

  private get state(): BoxState {
    const { scrollTop: scrolled, scrollHeight, clientHeight } = this.box;
    return { scrolled, sizes: `${scrollHeight} ${clientHeight}` };
  }

  /** A list that is less than before may be scrolled by that: it is put back when the frame is settled. */
  private scrolled(): void {
    const { held, state } = this;
    if (this.box.clientHeight === 0 || (held !== undefined && (held.state.sizes !== state.sizes || held.state.scrolled === state.scrolled))) return;
    this.take();
  }

  /** As far as the list can be scrolled; false: there is nothing to put back. */
  private putBack(): boolean {
    const { box, held } = this;
    if (held === undefined || !held.element.isConnected) return false;
    const moved_px = held.element.getBoundingClientRect().top - held.top;
    if (Math.abs(moved_px) >= 1) box.scrollTop += moved_px;
    return true;
  }

  private bringIntoSight(): void {
    const { box } = this;
    const element = this.chosen();
    if (element === undefined) return;
    const [frame, place] = [box.getBoundingClientRect(), element.getBoundingClientRect()];
    const [above, below] = [frame.top - place.top, place.bottom - frame.bottom];
    if (above > 0) box.scrollTop -= above;
    else if (below > 0) box.scrollTop += Math.min(below, -above);
  }

  /** undefined: the list is where it begins. */
  private firstInSight(): HTMLElement | undefined {
    const { box, items } = this;
    if (Math.abs(box.scrollTop) < NEAR_PX) return undefined;
    const { top } = box.getBoundingClientRect();
    const { children } = items;
    let [low, high] = [0, children.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((children[middle]?.getBoundingClientRect().bottom ?? 0) <= top) low = middle + 1;
      else high = middle;
    }
    return children[low] as HTMLElement | undefined;
  }
}
