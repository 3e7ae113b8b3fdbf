// SPDX-License-Identifier: Apache-2.0
/* http -- requests to a Roar server, their problems by name, and who we are to it. */
import type { Code, Cursor, HistoryPage, PollAnswer, Posted, ProblemBody } from "./messages.js";
import type { Ports } from "./ports.js";

/** What is appealed against: an act on us, or what removed a comment of ours. */
export type Against = { readonly act: string } | { readonly id: string };

/** Verdicts on a comment, and what is wrong with its words whatever the rules of a stream become. */
const FINAL: ReadonlySet<Code> = new Set<Code>(["rejected", "removed", "too_long", "too_large", "empty"]);

/** Why something was refused, or did not get through. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly code: Code,
    /** The HTTP status; 0 when no answer came. */
    readonly status: number,
    detail: string,
    /** How long the server asks us to wait. */
    readonly retry_ms?: number,
    readonly field?: string,
    /** The act that is in the way, of banned, muted and must_acknowledge: what can be appealed against. */
    readonly act?: string,
  ) {
    super(detail);
  }

  /** Whether the same request may succeed later, unchanged. */
  get is_passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }

  /** Whether the same words would be answered the same for ever. */
  get is_final(): boolean {
    return FINAL.has(this.code);
  }

  get is_about_token(): boolean {
    return this.code === "expired_token" || this.code === "bad_token";
  }
}

/** An answer that did not come in this time comes from nobody: a network may die without a word. */
const PATIENCE_MS = 20_000;

export function unreachable(detail: string): Problem {
  return new Problem("unreachable", 0, detail);
}

/** first: nothing is known yet. expired, refused: what the server said of the one before. */
export type TokenReason = "first" | "expired" | "refused";

/** Gives the token to come with; undefined is to come as nobody. */
export type TokenSource = (reason: TokenReason) => Promise<string | undefined> | string | undefined;

export interface Guest {
  readonly token: string;
  readonly user: { readonly id: string; readonly name?: string };
}

export interface Draft {
  readonly text: string;
  readonly reply_to?: string;
  readonly media_ms?: number;
}

interface Ask {
  readonly method?: "GET" | "POST" | "PUT";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Retry-After is seconds or a date (RFC 9110 10.2.3). */
export function retryAfterMs(value: string | null, now: number = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

export async function problemOf(response: Response): Promise<Problem> {
  let body: ProblemBody = {};
  try {
    const parsed: unknown = await response.json();
    if (typeof parsed === "object" && parsed !== null) body = parsed;
  } catch {
    // A proxy's page: what we know is the status.
  }
  const retry_ms =
    retryAfterMs(response.headers.get("retry-after")) ??
    (typeof body.retry_after === "number" ? body.retry_after * 1_000 : undefined);
  const detail = body.detail ?? body.title ?? `the server answered ${response.status}`;
  return new Problem((body.code ?? "unknown") as Code, response.status, detail, retry_ms, body.field, body.act);
}

/** What a JWT says of its bearer, unverified: for the bearer's own screen. */
export interface TokenClaims {
  readonly sub?: string;
  readonly name?: string;
  readonly roles?: readonly string[];
  /** Unix seconds. */
  readonly exp?: number;
}

export function tokenClaims(token: string): TokenClaims | undefined {
  try {
    const part = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null ? claims : undefined;
  } catch {
    return undefined;
  }
}

/** When a JWT ends, in ms of Date.now(); undefined when it does not say so. */
export function tokenEnds(token: string): number | undefined {
  const exp = tokenClaims(token)?.exp;
  return typeof exp === "number" ? exp * 1_000 : undefined;
}

/** One server, and one identity before it. */
export class Server {
  private token: string | undefined;
  private asked: Promise<string | undefined> | undefined;

  constructor(
    readonly base: URL,
    readonly ports: Ports,
    private readonly source: TokenSource = () => undefined,
  ) {}

  /** The token to use now; asks the source the first time. */
  identity(): Promise<string | undefined> {
    this.asked ??= this.renew("first");
    return this.asked;
  }

  /** Asks the source anew: the token ended, was refused, or the user is another now. */
  renew(reason: TokenReason): Promise<string | undefined> {
    this.asked = Promise.resolve(this.source(reason)).then((token) => (this.token = token));
    // A source that fails leaves us as we were; the next request asks again.
    this.asked.catch(() => (this.asked = undefined));
    return this.asked;
  }

  url(path: string, query: Readonly<Record<string, string | number | undefined>> = {}): URL {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url;
  }

  streamUrl(stream: string, tail: string, query: Readonly<Record<string, string | number | undefined>> = {}): URL {
    return this.url(`/v1/streams/${encodeURIComponent(stream)}${tail}`, query);
  }

  /** The response to a request, when it is a success. A token that is refused is renewed, once. Throws Problem. */
  async request(url: URL, ask: Ask = {}): Promise<Response> {
    const token = await this.identity();
    const response = await this.once(url, ask, token);
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (token === undefined || !problem.is_about_token) throw problem;
    const other = await this.renewAfter(token, problem);
    if (other === undefined || other === token) throw problem;
    const again = await this.once(url, ask, other);
    if (again.ok) return again;
    throw await problemOf(again);
  }

  post(stream: string, cid: string, draft: Draft): Promise<Posted> {
    const body = { ...draft, cid };
    return this.json<Posted>(this.streamUrl(stream, "/comments"), { method: "POST", body });
  }

  async ticket(): Promise<string> {
    const { ticket } = await this.json<{ ticket: string }>(this.url("/v1/tickets"), { method: "POST" });
    return ticket;
  }

  poll(stream: string, query: Readonly<Record<string, string | number | undefined>>, signal?: AbortSignal): Promise<PollAnswer> {
    return this.json<PollAnswer>(this.streamUrl(stream, "/poll", query), signal === undefined ? {} : { signal });
  }

  async acknowledge(stream: string, act: string): Promise<void> {
    await this.json(this.streamUrl(stream, "/acknowledge"), { method: "POST", body: { act } });
  }

  /** Open once: what was said again is what was said first. */
  async appeal(stream: string, against: Against, text: string): Promise<void> {
    await this.json(this.streamUrl(stream, "/appeals"), { method: "POST", body: { ...against, text } });
  }

  history(stream: string, bounds: { before?: Cursor; after?: Cursor; limit?: number }): Promise<HistoryPage> {
    return this.json<HistoryPage>(this.streamUrl(stream, "/comments", bounds));
  }

  /** The body of an answer, which is trusted to be what the path promises. Throws Problem. */
  async json<T>(url: URL, ask: Ask = {}): Promise<T> {
    const { clock } = this.ports;
    const late = new AbortController();
    const timer = ask.signal === undefined ? clock.start(PATIENCE_MS, () => late.abort()) : undefined;
    try {
      const response = await this.request(url, { signal: late.signal, ...ask });
      return (await response.json()) as T;
    } catch (error) {
      throw error instanceof Problem ? error : unreachable("the answer broke off");
    } finally {
      if (timer !== undefined) clock.stop(timer);
    }
  }

  /** Several requests may find the same token refused; the source is asked once for all. */
  private renewAfter(refused: string, problem: Problem): Promise<string | undefined> {
    if (this.token !== refused) return this.identity();
    this.token = undefined;
    return this.renew(problem.code === "expired_token" ? "expired" : "refused");
  }

  private async once(url: URL, ask: Ask, token: string | undefined): Promise<Response> {
    const headers: Record<string, string> = { ...ask.headers };
    if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
    if (ask.body !== undefined) headers["content-type"] = "application/json";
    try {
      return await this.ports.fetch(url.href, {
        method: ask.method ?? "GET",
        headers,
        cache: "no-store",
        credentials: "omit",
        referrerPolicy: "no-referrer",
        ...(ask.body === undefined ? {} : { body: JSON.stringify(ask.body) }),
        ...(ask.signal === undefined ? {} : { signal: ask.signal }),
      });
    } catch (error) {
      throw unreachable(error instanceof Error ? error.message : "no answer");
    }
  }
}

/** Makes a guest of this name, where the server lets guests in; keep the token. Throws Problem. */
export async function becomeGuest(base: string | URL, name: string, ports: Pick<Ports, "fetch">): Promise<Guest> {
  const url = new URL("/v1/guests", base);
  let response: Response;
  try {
    response = await ports.fetch(url.href, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name }),
      credentials: "omit",
    });
  } catch (error) {
    throw unreachable(error instanceof Error ? error.message : "no answer");
  }
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as Guest;
}

