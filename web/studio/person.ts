// SPDX-License-Identifier: Apache-2.0
/* person -- one user in this stream: what holds for them, and what they wrote, removed or not. */
import type { Moderator, Sanction, User, UserSeen, Written } from "@roar/sdk";
import { button, make } from "../dom.js";
import { badgesOf, hueOf, initialsOf, nameOf } from "../look.js";
import { fullTime } from "../words.js";
import { timeOf } from "./live.js";
import { marksText } from "./marks.js";
import type { Where } from "./scope.js";
import { sanctionText, sanctionWhole } from "./telling.js";

export interface PersonOptions {
  readonly box: HTMLElement;
  readonly moderator: Pick<Moderator, "user">;
  /** They may lift what holds on all streams, too. */
  readonly can_everywhere: boolean;
  undo(act: string, words: string, where: Where): void;
  remove(seq: number, user: User): void;
  restore(seq: number, user: User): void;
  failed(error: unknown): void;
}

/** A server tells no more of one. */
const LIMIT = 500;

const states: Readonly<Record<string, string>> = { held: "held", deleted: "removed", shadowed: "shadowed" };

export class Person {
  private user: User | undefined;
  private asked = 0;

  constructor(private readonly options: PersonOptions) {
    this.draw(undefined);
  }

  get shown(): User | undefined {
    return this.user;
  }

  async show(user: User): Promise<void> {
    const is_other = user.id !== this.user?.id;
    this.user = user;
    const asked = ++this.asked;
    if (is_other) this.draw({ user, sanctions: [], comments: [], more: false });
    try {
      const seen = await this.options.moderator.user(user.id, LIMIT);
      if (asked === this.asked) this.draw(seen);
    } catch (error) {
      if (asked === this.asked) this.options.failed(error);
    }
  }

  refresh(): void {
    if (this.user !== undefined) void this.show(this.user);
  }

  private draw(seen: UserSeen | undefined): void {
    const { box } = this.options;
    if (seen === undefined || this.user === undefined) {
      box.replaceChildren(make("p", "nothing", "Choose a comment, and press v to see who wrote it."));
      return;
    }
    const user = { ...this.user, ...seen.user };
    box.dataset["hue"] = String(hueOf(user.id));
    const comments = [...seen.comments].sort((a, b) => b.at - a.at || (b.seq ?? Infinity) - (a.seq ?? Infinity));
    const has_older = comments.filter(({ seq }) => seq !== undefined).length >= LIMIT;
    const list = make("ol", "history");
    list.append(...comments.map((comment) => this.commentOf(comment, user)));
    const sanctions = make("ul", "sanctions");
    sanctions.append(...seen.sanctions.map((sanction) => this.sanctionOf(sanction, user)));
    const focused = keyOfFocused(box);
    box.replaceChildren(
      headOf(user),
      make("h3", "", "In force"),
      seen.sanctions.length === 0 ? make("p", "nothing", "Nothing.") : sanctions,
      make("h3", "", "Comments, newest first"),
      comments.length === 0 ? make("p", "nothing", "None that are kept.") : list,
      ...(has_older ? [make("p", "nothing", `What was written before the newest ${LIMIT} is not shown here.`)] : []),
    );
    if (focused !== undefined) this.refocus(focused);
  }

  /** What was pressed may be another button by now, or none: then the panel has the focus, and its keys act. */
  private refocus(key: string): void {
    const { box } = this.options;
    const item = [...box.querySelectorAll<HTMLElement>("[data-key]")].find((one) => one.dataset["key"] === key);
    (item?.querySelector("button") ?? box.closest<HTMLElement>("[role=tabpanel]"))?.focus({ preventScroll: true });
  }

  private sanctionOf(sanction: Sanction, user: User): HTMLLIElement {
    const item = make("li", "sanction");
    item.dataset["key"] = sanction.act;
    const words = make("span", "text", sanctionWhole(sanction, Date.now()));
    words.title = fullTime(sanction.at);
    item.append(words);
    const where = sanction.all === true ? "everywhere" : "here";
    if (where === "here" || this.options.can_everywhere) {
      const undo = button("Undo", () => this.options.undo(sanction.act, `${nameOf(user)} ${sanctionText(sanction)}`, where));
      undo.setAttribute("aria-label", `Undo: ${sanctionText(sanction)}`);
      item.append(undo);
    }
    return item;
  }

  private commentOf({ seq, at, text, state, marks }: Written, user: User): HTMLLIElement {
    const item = make("li", `wrote ${state ?? "visible"}`);
    if (seq !== undefined) item.dataset["key"] = String(seq);
    const words = make("span", "text", text ?? "erased by now");
    words.dir = "auto";
    const said = states[state ?? ""];
    item.append(timeOf(at), words);
    if (said !== undefined) item.append(make("span", "tag", said));
    if (marks !== undefined) item.append(make("span", "tag marked", marksText(marks)));
    if (seq === undefined || text === undefined) return item;
    if (state === "deleted") item.append(button("Restore", () => this.options.restore(seq, user)));
    if ((state ?? "visible") === "visible") item.append(button("Delete", () => this.options.remove(seq, user)));
    return item;
  }
}

/** Where the focus is in the list; undefined: it is elsewhere. */
function keyOfFocused(box: HTMLElement): string | undefined {
  const { activeElement: focused } = document;
  return focused !== null && box.contains(focused) ? (focused.closest<HTMLElement>("[data-key]")?.dataset["key"] ?? "") : undefined;
}

function headOf(user: User): HTMLElement {
  const head = make("div", "person");
  const avatar = make("span", "avatar", initialsOf(nameOf(user)));
  avatar.ariaHidden = "true";
  const names = make("div", "");
  const name = make("p", "who");
  name.append(make("bdi", "name", nameOf(user)), ...badgesOf(user).map(([role, word]) => make("span", `badge badge-${role}`, word)));
  names.append(name, make("p", "why", user.id));
  head.append(avatar, names);
  return head;
}
