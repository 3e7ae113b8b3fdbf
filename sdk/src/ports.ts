// SPDX-License-Identifier: Apache-2.0
/* ports -- everything the SDK asks of the world outside: time, chance, network, the device's state.
 *
 * All are arguments, so that a test can be the world. browserPorts() is the usual one.
 */

/** What setTimeout returned, in whatever world. */
export type Timer = unknown;

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  start(after_ms: number, on_due: () => void): Timer;
  stop(timer: Timer): void;
}

export type Happening = "online" | "offline" | "visible" | "hidden";

/** The part of WebSocket that we use. */
export interface Socket {
  send(text: string): void;
  close(code?: number): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onerror: (() => void) | null;
}

export interface Ports {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  random(): number;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** undefined where the world has no WebSocket. */
  readonly openSocket: ((url: string, protocol: string) => Socket) | undefined;
  /** Calls back until the returned function is called; at once with `hidden` where that is so already. */
  watch(on_happening: (what: Happening) => void): () => void;
  /** A small note that outlives a page load: which transport works here. */
  recall(): string | undefined;
  remember(note: string): void;
}

/** What outlives the page, by name: of localStorage the part that we use. None may throw: what cannot be kept is forgotten. */
export interface Shelf {
  get(name: string): string | undefined;
  set(name: string, text: string): void;
  remove(name: string): void;
}

function storage(): Storage | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined; // a browser that forbids it throws on the mere mention
  }
}

const NOTE = "roar.transport";

function watchBrowser(on_happening: (what: Happening) => void): () => void {
  if (typeof window === "undefined") return () => undefined;
  const on_online = (): void => on_happening("online");
  const on_offline = (): void => on_happening("offline");
  const on_visibility = (): void => on_happening(document.visibilityState === "visible" ? "visible" : "hidden");
  window.addEventListener("online", on_online);
  window.addEventListener("offline", on_offline);
  window.addEventListener("pageshow", on_visibility);
  document.addEventListener("visibilitychange", on_visibility);
  if (document.visibilityState === "hidden") on_happening("hidden");
  return () => {
    window.removeEventListener("online", on_online);
    window.removeEventListener("offline", on_offline);
    window.removeEventListener("pageshow", on_visibility);
    document.removeEventListener("visibilitychange", on_visibility);
  };
}

export function browserPorts(): Ports {
  return {
    clock: {
      now: () => Date.now(),
      start: (after_ms, on_due) => setTimeout(on_due, after_ms),
      stop: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    },
    random: () => Math.random(),
    fetch: (url, init) => fetch(url, init),
    openSocket:
      typeof WebSocket === "undefined"
        ? undefined
        : (url, protocol) => new WebSocket(url, protocol) as Socket,
    watch: watchBrowser,
    recall: () => storage()?.getItem(NOTE) ?? undefined,
    remember: (note) => {
      try {
        storage()?.setItem(NOTE, note);
      } catch {
        // A full or forbidden storage costs us only the memory of what worked.
      }
    },
  };
}
