// SPDX-License-Identifier: Apache-2.0
/* audit -- everything that was done in this stream, or in all, newest first, and undone from here. */
import type { AuditEntry } from "@roar/sdk";
import { button, make } from "../dom.js";
import { Pointed } from "./aim.js";
import { Anchor } from "./anchor.js";
import { timeOf } from "./live.js";
import type { Reaching } from "./reach.js";
import { Scope, type Where } from "./scope.js";
import { canReach, canUndo, entryText, type Names } from "./telling.js";
import type { Trail } from "./trail.js";

export interface AuditOptions {
  readonly box: HTMLElement;
  readonly stream: string;
  readonly trail: Trail;
  /** What was done in all streams, for those who may see it. */
  readonly all_trail: Trail | undefined;
  readonly names: Names;
  undo(act: string, words: string, where: Where): void;
  /** How far it came. */
  follow(reaching: Reaching): void;
  failed(error: unknown): void;
}

interface Shown {
  readonly element: HTMLLIElement;
  is_lifted: boolean;
  /** As it was told: it is told anew when more names are known. */
  said: string;
}

export class Audit {
  private readonly list = make("ol", "entries");
  private readonly nothing = make("p", "nothing", "Nothing has been done yet.");
  private readonly older = button("Older", () => void this.showOlder(), "plain older");
  private readonly scope: Scope;
  private readonly people = make("input", "");
  private shown = new Map<number, Shown>();
  private is_open = false;
  private readonly anchor: Anchor;

  constructor(private readonly options: AuditOptions) {
    const pointed = new Pointed(this.list, () => this.anchor.take());
    this.anchor = new Anchor(options.box, this.list, () => pointed.item ?? this.focused);
    this.list.addEventListener("focusin", () => this.anchor.take());
    this.list.setAttribute("aria-label", "What was done, newest first");
    this.scope = new Scope(options.stream, "What was done", () => {
      this.shown.clear();
      this.list.replaceChildren();
      this.draw();
    });
    if (options.all_trail !== undefined) options.box.append(this.scope.element);
    this.people.type = "checkbox";
    this.people.addEventListener("change", () => this.draw());
    const label = make("label", "check foot");
    label.append(this.people, " Only what people did");
    options.box.append(label, this.list, this.nothing, this.older);
  }

  open(is_open: boolean): void {
    this.is_open = is_open;
    this.draw();
  }

  /** Entries keep their elements, and what somebody has in hand its place: another would be undone. */
  draw(): void {
    if (!this.is_open) return;
    const { entries: all, has_older } = this.trail;
    const entries = this.people.checked ? all.filter(({ kind }) => kind === "user") : all;
    const known = this.shown;
    this.shown = new Map();
    let next: ChildNode | null = this.list.firstChild;
    for (let at = entries.length - 1; at >= 0; at--) {
      const entry = entries[at];
      if (entry === undefined) continue;
      const element = this.elementOf(entry, known.get(entry.n));
      known.delete(entry.n);
      if (element === next) next = next.nextSibling;
      else this.list.insertBefore(element, next);
    }
    for (const { element } of known.values()) element.remove();
    this.nothing.hidden = entries.length > 0;
    this.older.hidden = !has_older;
    this.anchor.hold();
  }

  private get focused(): HTMLElement | undefined {
    const { activeElement: focused } = document;
    return this.list.contains(focused) ? (focused?.closest("li") ?? undefined) : undefined;
  }

  private get trail(): Trail {
    const { trail, all_trail } = this.options;
    return this.scope.where === "everywhere" && all_trail !== undefined ? all_trail : trail;
  }

  /** The focus goes on to the newest of what has come. */
  private async showOlder(): Promise<void> {
    const oldest = this.trail.entries[0]?.n;
    this.older.disabled = true;
    try {
      await this.trail.older();
    } catch (error) {
      this.options.failed(error);
    }
    this.older.disabled = false;
    this.draw();
    const first = oldest === undefined ? undefined : this.shown.get(oldest)?.element.nextElementSibling;
    if (first instanceof HTMLElement) first.focus();
  }

  private elementOf(entry: AuditEntry, shown: Shown | undefined): HTMLLIElement {
    const is_lifted = entry.act !== null && this.trail.lifted.has(entry.act);
    const element = shown?.element ?? make("li", "entry");
    const said = entryText(entry, this.options.names);
    this.shown.set(entry.n, { element, is_lifted, said });
    if (shown !== undefined && shown.is_lifted === is_lifted && shown.said === said) return element;
    this.fill(element, entry, { is_lifted, said });
    return element;
  }

  private fill(item: HTMLLIElement, entry: AuditEntry, { is_lifted, said }: Omit<Shown, "element">): void {
    const had_focus = item.contains(document.activeElement);
    const words = make("span", "text", said);
    const { act } = entry;
    const { where } = this.scope;
    words.dir = "auto";
    item.className = is_lifted ? "entry lifted" : "entry";
    item.tabIndex = -1;
    item.replaceChildren(timeOf(entry.at), words);
    if (is_lifted) item.append(make("span", "tag", "undone"));
    if (act !== null && canReach(entry, where)) {
      const reach = button("Reach", () => this.options.follow({ act, words: said, where, at: entry.at }));
      reach.setAttribute("aria-label", `Reach: ${said}`);
      item.append(reach);
    }
    if (act !== null && canUndo(entry, this.trail.lifted)) {
      const undo = button("Undo", () => this.options.undo(act, said, where));
      undo.setAttribute("aria-label", `Undo: ${said}`);
      item.append(undo);
    }
    if (had_focus) item.focus({ preventScroll: true });
  }
}
