// SPDX-License-Identifier: Apache-2.0
/* look -- what a user looks like: a colour and initials that are theirs everywhere, and badges. */
import type { User } from "@roar/sdk";

export const HUES = 12;

/** FNV-1a over the user's id. */
export function hueOf(user_id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < user_id.length; i++) hash = Math.imul(hash ^ user_id.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % HUES;
}

export const nameOf = (user: User): string => (user.name ?? "").trim() || user.id;

/** The first letters of the first two words. */
export function initialsOf(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const letters = words.slice(0, 2).map((word) => [...word][0] ?? "");
  return letters.join("").toLocaleUpperCase() || ([...name][0] ?? "?");
}

const badges: Readonly<Record<string, string>> = {
  host: "Host",
  admin: "Admin",
  moderator: "Mod",
  bot: "Bot",
  vip: "VIP",
  verified: "Verified",
};

/** The roles worth showing, the weightiest first, as [role, word]. */
export function badgesOf(user: User): readonly (readonly [string, string])[] {
  const roles = new Set(user.roles ?? []);
  return Object.entries(badges).filter(([role]) => roles.has(role));
}
