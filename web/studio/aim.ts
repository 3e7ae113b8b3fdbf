// SPDX-License-Identifier: Apache-2.0
/* aim -- whether somebody is about to hit something in a box: a finger is down, or a mouse on its way. What is meant
 * has to stand still until then, else it is gone when it is hit. */

/** A mouse that rests so long is on its way nowhere. */
const AIMING_MS = 600;

export interface Aimed {
  begins?(): void;
  /** Neither finger nor mouse: what waited can be drawn. The click of a finger that was lifted has come. */
  ends(): void;
}

export class Aim {
  is_pressed = false;
  private moving: ReturnType<typeof setTimeout> | undefined;

  constructor(
    box: HTMLElement,
    private readonly aimed: Aimed,
  ) {
    box.addEventListener("pointerdown", () => this.press());
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => this.lift());
    box.addEventListener("pointermove", ({ pointerType }) => pointerType === "mouse" && this.move());
  }

  get is_on(): boolean {
    return this.is_pressed || this.moving !== undefined;
  }

  private press(): void {
    this.aimed.begins?.();
    this.is_pressed = true;
  }

  private lift(): void {
    if (!this.is_pressed) return;
    this.is_pressed = false;
    setTimeout(() => this.settle()); // the click comes before this
  }

  private move(): void {
    if (!this.is_on) this.aimed.begins?.();
    clearTimeout(this.moving);
    this.moving = setTimeout(() => {
      this.moving = undefined;
      this.settle();
    }, AIMING_MS);
  }

  private settle(): void {
    if (!this.is_on) this.aimed.ends();
  }
}

/** The item of a list that is under a pointer: what can be pressed in it is about to be. */
export class Pointed {
  item: HTMLElement | undefined;

  constructor(
    list: HTMLElement,
    private readonly changed: () => void,
  ) {
    const hovers = matchMedia("(hover: hover)"); // else a mouse is what a browser makes of the last tap
    list.addEventListener("pointerover", ({ target, pointerType }) => {
      if (pointerType !== "mouse" || hovers.matches) this.take((target as HTMLElement).closest("li") ?? undefined);
    });
    list.addEventListener("pointerleave", () => this.take(undefined));
  }

  private take(item: HTMLElement | undefined): void {
    if (item === this.item) return;
    this.item = item;
    this.changed();
  }
}
