// SPDX-License-Identifier: Apache-2.0
/* bar -- the acts on what is chosen, as buttons that show their keys. Arrow keys go along it. */
import { make } from "../dom.js";
import type { ActKey } from "./keys.js";

export class ActBar {
  private readonly buttons = new Map<string, HTMLButtonElement>();

  constructor(
    private readonly element: HTMLElement,
    /** Where the focus goes when what had it is not there any more. */
    private readonly list: HTMLElement,
    keys: readonly ActKey[],
    on_act: (act: ActKey, ask: boolean) => void,
  ) {
    for (const act of keys) {
      const button = make("button", `act act-${act.do}`);
      button.type = "button";
      button.tabIndex = this.buttons.size === 0 ? 0 : -1;
      button.setAttribute("aria-keyshortcuts", act.key);
      button.append(make("kbd", "", act.key), make("span", "act-label", act.label));
      button.addEventListener("click", (event) => on_act(act, event.shiftKey || act.needs_text === true));
      this.buttons.set(act.do, button);
      element.append(button);
    }
    element.addEventListener("keydown", (event) => this.onKey(event));
  }

  get has_focus(): boolean {
    return this.element.contains(document.activeElement);
  }

  show(is_shown: boolean): void {
    if (this.element.hidden !== is_shown) return;
    const had_focus = this.has_focus;
    this.element.hidden = !is_shown;
    if (had_focus) this.list.focus({ preventScroll: true });
  }

  /** Another word for an act: unpin for pin. */
  name(what: string, label: string): void {
    const span = this.buttons.get(what)?.querySelector(".act-label");
    if (span instanceof HTMLElement && span.textContent !== label) span.textContent = label;
  }

  can(what: string, can: boolean): void {
    const button = this.buttons.get(what);
    if (button === undefined || button.disabled === !can) return;
    const had_focus = button === document.activeElement;
    button.disabled = !can;
    if (had_focus) this.list.focus({ preventScroll: true });
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    const all = [...this.buttons.values()].filter(({ disabled }) => !disabled);
    const at = all.findIndex((button) => button === document.activeElement);
    const next = all[(at + (event.key === "ArrowRight" ? 1 : -1) + all.length) % all.length];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    for (const button of this.buttons.values()) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  }
}
