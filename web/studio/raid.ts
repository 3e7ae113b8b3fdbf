// SPDX-License-Identifier: Apache-2.0
/* raid -- texts that many wrote alike, and waves of new accounts: looked at whole, acted on at once. */
import type { Act, Comment, Moderator, SimilarGroup, User } from "@roar/sdk";
import { make } from "../dom.js";
import { nameOf } from "../look.js";
import { countText, isolated } from "../words.js";
import type { ActKey } from "./keys.js";
import { ListBox, showEmpty, type ListPanel } from "./list_box.js";

const PACE_MS = 3_000;
/** Nobody looks at the groups, but is to see at the tab that there are some. */
const IDLE_PACE_MS = 15_000;
const LIMIT = 500;
const PREVIEW_MAX = 40;
/** So many people make a group worth a look. */
const MANY = 5;

export const keyOfGroup = ({ why, comments, seqs }: SimilarGroup): string => `${why}:${why === "text" ? (comments[0]?.text.toLowerCase().slice(0, 40) ?? seqs[0]) : ""}`;

export function authorsOf(comments: readonly Comment[]): readonly User[] {
  return [...new Map(comments.map(({ user }) => [user.id, user])).values()];
}

const peopleText = ({ users }: SimilarGroup): string => countText(users.length, "person", "people");

/** One act on the whole group, also on what and whom it does not show; undefined where there is nobody. */
export function groupAct(group: SimilarGroup, what: ActKey, answer: { seconds?: number; reason?: string }): Act | undefined {
  const { reason } = answer;
  const because = reason === undefined ? {} : { reason };
  const { seqs, users } = group;
  if (users.length === 0) return undefined;
  switch (what.do) {
    case "delete":
      return { do: "delete", seqs, ...because };
    case "timeout":
      return { do: "timeout", users, seconds: answer.seconds ?? what.seconds ?? 600, ...because };
    case "ban":
    case "shadow":
    case "purge":
      return { do: what.do, users, ...because };
    default:
      return undefined;
  }
}

/** "240 comments", "31 people": what the act is about to fall on. */
export function groupText(group: SimilarGroup, what: ActKey): string {
  return what.to === "comment" ? countText(group.count, "comment", "comments") : peopleText(group);
}

/** What a group is, for a look before the act. */
export function previewOf(group: SimilarGroup): Node[] {
  const shown = group.comments.slice(-PREVIEW_MAX);
  const list = make("ul", "preview-list");
  for (const { user, text } of shown) {
    const item = make("li", "");
    const words = make("span", "text", text);
    words.dir = "auto";
    item.append(make("bdi", "name", nameOf(user)), " ", words);
    list.append(item);
  }
  const rest = group.count - shown.length;
  const more = rest > 0 ? [make("p", "why", `and ${countText(rest, "more", "more")}`)] : [];
  return [make("p", "", `${countText(group.count, "comment", "comments")} by ${peopleText(group)}:`), list, ...more];
}

export interface RaidOptions extends ListPanel {
  readonly moderator: Pick<Moderator, "similar">;
  chosen(group: SimilarGroup | undefined): void;
  changed(): void;
  failed(error: unknown): void;
}

export class Raid {
  readonly list: ListBox<SimilarGroup>;
  private groups: readonly SimilarGroup[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private is_open = false;

  constructor(private readonly options: RaidOptions) {
    this.list = new ListBox<SimilarGroup>({
      box: options.box,
      keyOf: keyOfGroup,
      fill: (element, group) => this.fill(element, group),
      chosen: (group) => options.chosen(group),
    });
  }

  get chosen(): SimilarGroup | undefined {
    return this.list.item;
  }

  /** Of those that look like more than one person who repeats themselves, or a few who agree. */
  get count(): number {
    return this.groups.filter(({ users }) => users.length >= MANY).length;
  }

  start(): void {
    void this.refresh();
  }

  /** Groups are looked for more often while somebody looks. */
  open(is_open: boolean): void {
    if (is_open === this.is_open) return;
    this.is_open = is_open;
    if (is_open) void this.refresh();
  }

  async refresh(): Promise<void> {
    const { moderator, changed, failed } = this.options;
    clearTimeout(this.timer);
    try {
      this.groups = await moderator.similar(LIMIT);
      this.list.draw(this.groups);
      showEmpty(this.options, this.groups.length === 0);
      changed();
    } catch (error) {
      failed(error);
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), this.is_open ? PACE_MS : IDLE_PACE_MS);
  }

  private fill(element: HTMLElement, group: SimilarGroup): void {
    const { why, count, comments } = group;
    element.className = "item group";
    const newest = comments.at(-1);
    const people = authorsOf(comments);
    const head = make("span", "who");
    head.append(make("span", "count", `${count}×`), make("span", "why", why === "text" ? "alike" : "by new accounts"), make("span", "why", `by ${peopleText(group)}`));
    const words = make("span", "text", newest?.text ?? "");
    words.dir = "auto";
    const names = people.slice(0, 6).map((user) => isolated(nameOf(user))).join(", ");
    element.replaceChildren(head, words, make("span", "why", group.users.length > 6 ? `${names} …` : names));
  }
}
