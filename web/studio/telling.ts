// SPDX-License-Identifier: Apache-2.0
/* telling -- acts of moderation in words. */
import type { AuditEntry, Sanction } from "@roar/sdk";
import { countText, waitText } from "../words.js";

interface Words {
  /** "Deleted" Ann's comment. */
  readonly done: string;
  /** sam "deleted" #12. */
  readonly did: string;
  /** Ann is "banned". */
  readonly is?: string;
}

const words: Readonly<Record<string, Words>> = {
  delete: { done: "Deleted", did: "deleted" },
  hold: { done: "Held back", did: "held back", is: "held" },
  restore: { done: "Restored", did: "restored" },
  purge: { done: "Purged", did: "purged" },
  clear: { done: "Cleared", did: "cleared the stream" },
  approve: { done: "Approved", did: "approved" },
  reject: { done: "Rejected", did: "rejected" },
  ban: { done: "Banned", did: "banned", is: "banned" },
  unban: { done: "Unbanned", did: "unbanned" },
  timeout: { done: "Timed out", did: "timed out", is: "timed out" },
  shadow: { done: "Shadowed", did: "shadowed", is: "shadowed" },
  unshadow: { done: "Unshadowed", did: "unshadowed" },
  warn: { done: "Warned", did: "warned", is: "warned" },
  pin: { done: "Pinned", did: "pinned" },
  unpin: { done: "Unpinned", did: "unpinned" },
  slow: { done: "Set slow mode", did: "set slow mode" },
  mode: { done: "Set the modes", did: "set the modes" },
  shield: { done: "Set the shield", did: "set the shield" },
  terms: { done: "Set the terms", did: "set the terms" },
  rules: { done: "Set the rules", did: "set the rules" },
  undo: { done: "Undone", did: "undid" },
  acknowledge: { done: "Acknowledged", did: "acknowledged" },
  appeal: { done: "Appealed", did: "appealed against" },
  decide: { done: "Decided", did: "decided on" },
};

export const doneWord = (what: string): string => words[what]?.done ?? what;
export const didWord = (what: string): string => words[what]?.did ?? what;

/** What somebody is who is under it: "timed out". */
export const sanctionWord = (what: string): string => words[what]?.is ?? what;

/** "timed out, 8 minutes left" */
export function sanctionText(sanction: Sanction, now: number): string {
  const word = sanctionWord(sanction.do);
  const left_s = sanction.until === undefined ? undefined : Math.ceil((sanction.until - now) / 1_000);
  const where = sanction.all === true ? " on all streams" : "";
  return left_s === undefined ? `${word}${where}` : `${word}${where}, ${waitText(Math.max(0, left_s))} left`;
}

function list(text: string): number {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.length : 1;
  } catch {
    return text.split(",").length;
  }
}

/** Names for those whom a screen knows; ids for others. */
export interface Names {
  user(id: string): string;
  /** Whose comment stood at this place. */
  author(seq: number): string | undefined;
}

export const noNames: Names = { user: (id) => id, author: () => undefined };

/** What an entry is about: "Ann's comment", "#4072", "240 comments". */
export function targetText({ target }: Pick<AuditEntry, "target">, names: Names = noNames): string {
  if (target === null) return "";
  const colon = target.indexOf(":");
  const [kind, rest] = [target.slice(0, colon), target.slice(colon + 1)];
  if (kind === "user") return names.user(rest);
  if (kind === "seq" && !rest.includes(",")) {
    const author = names.author(Number(rest));
    return author === undefined ? `#${rest}` : `${author}'s comment`;
  }
  if (kind === "seq") return countText(list(rest), "comment", "comments");
  if (kind === "seqs") return countText(list(rest), "comment", "comments");
  if (kind === "users") return countText(list(rest), "person", "people");
  if (kind === "id") return `comment ${rest}`;
  return rest;
}

/** One line of the audit: "sam timed out u9 for 10 minutes: spam" */
export function entryText(entry: AuditEntry, names: Names = noNames): string {
  const who = entry.kind === "user" ? (entry.by ?? "somebody") : `${entry.kind}${entry.by === null ? "" : ` ${entry.by}`}`;
  const time = typeof entry.seconds === "number" && entry.seconds > 0 ? ` for ${waitText(entry.seconds)}` : "";
  const target = targetText(entry, names);
  const reason = entry.reason === null ? "" : `: ${entry.reason}`;
  return `${who} ${didWord(entry.do)}${target === "" ? "" : ` ${target}`}${time}${reason}`;
}

/** What undo can lift. */
const LASTING: ReadonlySet<string> = new Set(
  ["delete", "hold", "purge", "clear", "reject", "ban", "timeout", "shadow", "warn", "pin", "slow", "mode", "shield", "terms", "rules"],
);

export const canUndo = ({ do: what, act }: Pick<AuditEntry, "do" | "act">, lifted: ReadonlySet<string>): boolean =>
  act !== null && LASTING.has(what) && !lifted.has(act);
