// SPDX-License-Identifier: Apache-2.0
/* audit -- everything that was done in this stream, newest first, and undone from here. */
import type { AuditEntry } from "@roar/sdk";
import { button, make } from "../dom.js";
import { timeOf } from "./live.js";
import { canUndo, entryText, type Names } from "./telling.js";
import type { Trail } from "./trail.js";

const SHOWN = 200;

export class Audit {
  private readonly list = make("ol", "entries");
  private readonly nothing = make("p", "nothing", "Nothing has been done yet.");
  private is_open = false;

  constructor(
    box: HTMLElement,
    private readonly trail: Trail,
    private readonly names: Names,
    private readonly undo: (act: string, words: string) => void,
  ) {
    box.append(this.list, this.nothing);
  }

  open(is_open: boolean): void {
    this.is_open = is_open;
    this.draw();
  }

  draw(): void {
    if (!this.is_open) return;
    const newest = this.trail.entries.slice(-SHOWN).reverse();
    const had_focus = this.list.contains(document.activeElement) ? document.activeElement?.getAttribute("data-act") : undefined;
    this.list.replaceChildren(...newest.map((entry) => this.entryOf(entry)));
    this.nothing.hidden = newest.length > 0;
    // The button that was in somebody's hand is another element by now.
    if (typeof had_focus === "string") this.list.querySelector<HTMLElement>(`[data-act="${CSS.escape(had_focus)}"]`)?.focus();
  }

  private entryOf(entry: AuditEntry): HTMLLIElement {
    const is_lifted = entry.act !== null && this.trail.lifted.has(entry.act);
    const item = make("li", is_lifted ? "entry lifted" : "entry");
    const said = entryText(entry, this.names);
    const words = make("span", "text", said);
    words.dir = "auto";
    item.append(timeOf(entry.at), words);
    if (is_lifted) item.append(make("span", "tag", "undone"));
    const { act } = entry;
    if (act === null || !canUndo(entry, this.trail.lifted)) return item;
    const undo = button("Undo", () => this.undo(act, said));
    undo.dataset["act"] = act;
    undo.setAttribute("aria-label", `Undo: ${said}`);
    item.append(undo);
    return item;
  }
}
