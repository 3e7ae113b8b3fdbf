// SPDX-License-Identifier: Apache-2.0
/* device -- what this browser remembers between visits: a guest's pass, settings, recent streams.
 * Storage may be forbidden or full; then the page works and forgets. */
import { becomeGuest, browserPorts, tokenEnds, type Guest, type Shelf, type TokenReason } from "@roar/sdk";

function load(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(`roar.${key}`) ?? "null");
  } catch {
    return null;
  }
}

function save(key: string, value: unknown): void {
  try {
    localStorage.setItem(`roar.${key}`, JSON.stringify(value));
  } catch {
    // See above.
  }
}

/** Where the SDK remembers what is not confirmed. */
export const shelf: Shelf = {
  get: (name) => {
    try {
      return localStorage.getItem(name) ?? undefined;
    } catch {
      return undefined;
    }
  },
  set: (name, text) => {
    try {
      localStorage.setItem(name, text);
    } catch {
      // See above.
    }
  },
  remove: (name) => {
    try {
      localStorage.removeItem(name);
    } catch {
      // See above.
    }
  },
};

const SOON_MS = 60_000;

/** Who writes from this device. */
export class Pass {
  private guest: Guest | undefined;

  constructor() {
    const kept = load("guest") as Partial<Guest> | null;
    if (typeof kept?.token === "string" && typeof kept.user?.id === "string") this.guest = kept as Guest;
  }

  get user(): { readonly id: string; readonly name: string } | undefined {
    const user = this.guest?.user;
    return user === undefined ? undefined : { id: user.id, name: user.name ?? user.id };
  }

  /** Comes in under a name. Throws the SDK's Problem. */
  async enter(name: string): Promise<void> {
    const guest = await becomeGuest(location.origin, name, browserPorts());
    this.guest = { token: guest.token, user: { id: guest.user.id, name: guest.user.name ?? name } };
    save("guest", this.guest);
  }

  leave(): void {
    this.guest = undefined;
    save("guest", null);
  }

  /** The SDK's token source: a pass that ended or was refused is replaced by one of the same name. */
  async token(reason: TokenReason): Promise<string | undefined> {
    if (this.guest === undefined) return undefined;
    const ends = tokenEnds(this.guest.token) ?? Infinity;
    if (reason !== "first" || ends < Date.now() + SOON_MS) await this.enter(this.guest.user.name ?? "Guest");
    return this.guest.token;
  }
}

export interface Choices {
  time: "relative" | "clock";
  theme: "auto" | "light" | "dark";
  speak: "calm" | "off";
}

export function loadChoices(): Choices {
  return { time: "relative", theme: "auto", speak: "calm", ...(load("choices") as Partial<Choices> | null) };
}

export const saveChoices = (choices: Choices): void => save("choices", choices);

/** As the system has it, where nobody has chosen. */
export function showTheme({ theme }: Pick<Choices, "theme">): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

/** How somebody has the studio. */
export interface DeskChoices {
  single_keys: boolean;
  speaks: boolean;
}

export function loadDeskChoices(): DeskChoices {
  return { single_keys: true, speaks: true, ...(load("studio") as Partial<DeskChoices> | null) };
}

export const saveDeskChoices = (choices: DeskChoices): void => save("studio", choices);

const RECENT_MAX = 6;

export function recentStreams(): string[] {
  const kept = load("recent");
  return Array.isArray(kept) ? kept.filter((name): name is string => typeof name === "string") : [];
}

export function rememberStream(name: string): void {
  save("recent", [name, ...recentStreams().filter((other) => other !== name)].slice(0, RECENT_MAX));
}
