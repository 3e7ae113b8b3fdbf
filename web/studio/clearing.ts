// SPDX-License-Identifier: Apache-2.0
/* clearing -- what a clear would take: counted before it is done. */
import type { Comment, Cursor, HistoryPage, Moderator } from "@roar/sdk";
import { make } from "../dom.js";
import { nameOf } from "../look.js";
import { countText } from "../words.js";
import { timeOf } from "./live.js";

/** Beyond that it is more than that. */
const COUNTED_MAX = 5_000;
const NEWEST = 3;

export interface Counted {
  readonly comments: number;
  readonly people: number;
  /** There are more than were counted. */
  readonly has_more: boolean;
  readonly newest: readonly Comment[];
}

/** Throws Problem. */
export async function countComments(moderator: Pick<Moderator, "comments">): Promise<Counted> {
  const people = new Set<string>();
  let page: HistoryPage = await moderator.comments();
  const newest = page.comments.slice(-NEWEST);
  for (let comments = 0; ; ) {
    comments += page.comments.length;
    for (const { user } of page.comments) people.add(user.id);
    if (!page.more || page.before === undefined || comments >= COUNTED_MAX) return { comments, people: people.size, has_more: page.more, newest };
    page = await moderator.comments(page.before as Cursor);
  }
}

/** "1,204 comments by 311 people, 12 that wait" */
export function countedText({ comments, people, has_more }: Counted, waiting: number): string {
  if (comments === 0 && waiting === 0) return "There is nothing to clear.";
  const more = has_more ? "More than " : "";
  const wait = waiting === 0 ? "" : `, ${countText(waiting, "that waits", "that wait")}`;
  return `${more}${countText(comments, "comment", "comments")} by ${countText(people, "person", "people")}${wait}, and what comes until you confirm.`;
}

/** A preview that says how many as soon as that is known. */
export function previewOfClear(moderator: Pick<Moderator, "comments">, waiting: number): { readonly nodes: readonly Node[]; readonly counted: Promise<void> } {
  const count = make("p", "clear-count", "Counting …");
  const list = make("ul", "preview-list");
  count.setAttribute("role", "status");
  const counted = countComments(moderator).then(
    (found) => {
      count.textContent = countedText(found, waiting);
      list.replaceChildren(...found.newest.map(itemOf));
    },
    () => {
      count.textContent = "They could not be counted.";
    },
  );
  const after = make("p", "why", "They go from every screen, and from the queue. Moderators can read them on, and undo brings them back.");
  return { nodes: [count, list, after], counted };
}

function itemOf({ at, user, text }: Comment): HTMLLIElement {
  const item = make("li", "");
  const words = make("span", "text", text);
  words.dir = "auto";
  item.append(timeOf(at), " ", make("bdi", "name", nameOf(user)), " ", words);
  return item;
}
