// SPDX-License-Identifier: Apache-2.0
/* several -- one act on many comments, or on all who wrote them: what it falls on, and how that is said before it is
 * done. What another moderator looks at stays, and so is no part of it. */
import type { Act, User } from "@roar/sdk";
import { make } from "../dom.js";
import { nameOf } from "../look.js";
import { countText, isolated, numberText } from "../words.js";
import type { Answer } from "./ask.js";
import type { ActKey } from "./keys.js";

/** An act takes no more; those that are left are for the next. Those on screens come first in a group. */
export const AT_ONCE_MAX = 5_000;
const PREVIEW_MAX = 40;

export interface Several {
  readonly ids: readonly string[];
  readonly users: readonly string[];
}

interface Previewed {
  readonly id: string;
  readonly user: User;
  readonly text: string;
  readonly state?: "visible" | "held";
}

export interface Preview extends Several {
  /** How many of them wait, where some are on screens. */
  readonly waiting?: number;
  /** Some of them, or all. */
  readonly comments: readonly Previewed[];
  /** Who looks at which: these stay. */
  readonly taken: ReadonlyMap<string, string>;
}

/** What an act on comments falls on: what others look at stays. */
export function withoutTaken(what: ActKey, preview: Preview): Preview {
  const { ids, users, waiting, comments, taken } = preview;
  if (what.to !== "comment" || taken.size === 0) return preview;
  const kept = comments.filter(({ id }) => !taken.has(id));
  const still = new Set(kept.map(({ user }) => user.id));
  const out = new Set(comments.map(({ user }) => user.id).filter((id) => !still.has(id)));
  return {
    ids: ids.filter((id) => !taken.has(id)),
    users: users.filter((id) => !out.has(id)),
    ...(waiting === undefined ? {} : { waiting: waiting - taken.size }),
    comments: kept,
    taken,
  };
}

/** One act on all of them, or on all who wrote them; undefined where there is nobody. */
export function actOnSeveral(what: ActKey, several: Several, answer: Pick<Answer, "seconds" | "reason">): Act | undefined {
  const because = answer.reason === undefined ? {} : { reason: answer.reason };
  const [ids, users] = [several.ids, several.users].map((all) => all.slice(0, AT_ONCE_MAX)) as [string[], string[]];
  if (users.length === 0) return undefined;
  switch (what.do) {
    case "delete":
    case "approve":
    case "reject":
      return { do: what.do, ids, ...because };
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

/** "238 of 240 comments": what the act fell on, where others were faster. */
export function changedText(what: ActKey, several: Several, changed: number | undefined): string {
  const all = severalText(what, several);
  const is_less = what.to === "comment" && changed !== undefined && changed < Math.min(several.ids.length, AT_ONCE_MAX);
  return is_less ? `${numberText(changed)} of ${all}` : all;
}

/** "Delete", of "Delete all". */
export const doneVerb = ({ label }: ActKey): string => label.replace(/ (all|authors)$/, "");

/** "240 comments", "31 people": what the act is about to fall on. */
export function severalText(what: ActKey, { ids, users }: Several): string {
  const atOnce = ({ length }: readonly string[]): number => Math.min(length, AT_ONCE_MAX);
  return what.to === "comment" ? countText(atOnce(ids), "comment", "comments") : countText(atOnce(users), "person", "people");
}

/** "12 on screens, 288 wait": how many are where. */
export function statesText(count: number, waiting: number): string {
  if (waiting === 0) return "on screens";
  return waiting >= count ? "all wait" : `${numberText(count - waiting)} on screens, ${countText(waiting, "waits", "wait")}`;
}

/** "kim looks at 2 of them: these stay." */
export function takenText(taken: ReadonlyMap<string, string>): string {
  const by = new Map<string, number>();
  for (const who of taken.values()) by.set(who, (by.get(who) ?? 0) + 1);
  if (by.size === 0) return "";
  const parts = [...by].map(([who, count]) => `${isolated(who)} looks at ${numberText(count)} of them`);
  return `${parts.join(", ")}: ${taken.size === 1 ? "this one stays" : "these stay"}.`;
}

const whichFirst = ({ to }: ActKey): string => (to === "comment" ? ": those on screens first" : "");

/** What it falls on, for a look before the act: those on screens first, they are seen. */
export function previewOf(what: ActKey, preview: Preview): Node[] {
  const { ids, users, comments, taken } = preview;
  const waiting = preview.waiting ?? 0;
  const visible = ids.length - waiting;
  const head = `${countText(ids.length, "comment", "comments")} by ${countText(users.length, "person", "people")}`;
  const said = [
    (what.to === "comment" ? ids : users).length > AT_ONCE_MAX ? `One act takes ${numberText(AT_ONCE_MAX)}${whichFirst(what)}.` : "",
    what.to === "comment" ? takenText(taken) : "",
    what.do === "purge" ? "All that they wrote up to now goes, on screens or waiting." : "",
  ].filter((text) => text !== "");
  const is_mixed = waiting > 0 && visible > 0;
  const where = preview.waiting === undefined ? "" : `: ${statesText(ids.length, waiting)}`;
  const parts = is_mixed
    ? [
        make("h3", "", "On screens"),
        ...listOf(comments.filter((one) => one.state !== "held"), visible, PREVIEW_MAX / 2),
        make("h3", "", "Waiting"),
        ...listOf(comments.filter((one) => one.state === "held"), waiting, PREVIEW_MAX / 2),
      ]
    : listOf(comments, ids.length, PREVIEW_MAX);
  return [make("p", "preview-head", head + where), ...said.map((text) => make("p", "why", text)), ...parts];
}

/** The newest of them, and how many more there are. */
function listOf(comments: readonly Previewed[], count: number, max: number): Node[] {
  const shown = comments.slice(-max);
  const list = make("ul", "preview-list");
  list.append(...shown.map(itemOf));
  return count > shown.length ? [list, make("p", "why", `and ${numberText(count - shown.length)} more`)] : [list];
}

function itemOf({ user, text }: Previewed): HTMLLIElement {
  const item = make("li", "");
  const words = make("span", "text", text);
  words.dir = "auto";
  item.append(make("bdi", "name", nameOf(user)), " ", words);
  return item;
}
