// SPDX-License-Identifier: Apache-2.0
/* moderator -- acts of moderation on one stream, and what moderators look up.
 *
 *     const moderator = new Moderator({ stream: "demo", token });
 *     const { act } = await moderator.act({ do: "timeout", user: "u9", seconds: 600, reason: "spam" });
 *     await moderator.undo(act);
 *
 * An act is answered once it holds for every reader: nobody is sent what it removed after that. The same again
 * while it is in force is no error but `duplicate`. Everything here throws Problem.
 */
import { Server, type TokenSource } from "./http.js";
import type { Comment, User } from "./messages.js";
import { browserPorts, type Ports } from "./ports.js";

type OnComment = { readonly seq: number } | { readonly id: string };
type OnComments = OnComment | { readonly seqs: readonly number[] };
type OnUsers = { readonly user: string } | { readonly users: readonly string[] };

export type Mode = "links_off" | "emote_only" | "roles_only" | "unique" | "hold_first" | "hold_all" | "mods_first";

export interface Term {
  readonly text: string;
  readonly match?: "word" | "substring" | "allow";
  readonly action?: "refuse" | "hold" | "shadow";
}

/** What is done, and to whom: docs/protocol.md, section 9. Lists are whole. */
export type Act = { readonly reason?: string } & (
  | ({ readonly do: "delete" | "restore" | "approve" | "reject" } & OnComments)
  | ({ readonly do: "hold" } & (OnComments | OnUsers))
  | ({ readonly do: "pin" | "unpin" } & OnComment)
  | ({ readonly do: "purge" | "ban" | "unban" | "shadow" | "unshadow" } & OnUsers)
  | ({ readonly do: "timeout"; readonly seconds: number } & OnUsers)
  | ({ readonly do: "warn"; readonly text: string } & OnUsers)
  | { readonly do: "clear" }
  | { readonly do: "slow"; readonly seconds: number }
  | { readonly do: "mode"; readonly value: readonly string[]; readonly seconds?: number }
  | { readonly do: "shield"; readonly value: boolean }
  | { readonly do: "terms"; readonly value: readonly Term[] }
);

export type ActDo = Act["do"];

export interface Acted {
  readonly act: string;
  /** Where readers get an event. */
  readonly seq?: number;
  /** It was in force already. */
  readonly duplicate?: boolean;
}

/** A comment that waits for a moderator. */
export interface HeldComment extends Omit<Comment, "seq" | "type" | "stream"> {
  readonly seq?: number;
  /** What held it: an act, or a rule by name. */
  readonly act?: string;
  readonly rule?: string;
  /** When it approves itself, in ms. */
  readonly due_at?: number;
}

/** Who looks at a held comment now. */
export interface Claim {
  readonly id: string;
  readonly by?: string;
  readonly left_ms?: number;
}

export interface HeldQueue {
  readonly comments: readonly HeldComment[];
  readonly claims: readonly Claim[];
}

export interface Sanction {
  readonly act: string;
  readonly do: "ban" | "timeout" | "shadow" | "hold" | "warn";
  readonly at: number;
  readonly by?: string;
  readonly kind?: string;
  readonly user?: string;
  readonly until?: number;
  readonly reason?: string;
  /** On all streams. */
  readonly all?: boolean;
}

/** A user in the stream: what holds for them, and what they wrote. */
export interface UserSeen {
  readonly user: User;
  readonly sanctions: readonly Sanction[];
  readonly comments: readonly (Comment & { readonly state?: "visible" | "held" | "deleted" | "shadowed" })[];
}

export interface HouseRule {
  readonly action?: "refuse" | "hold" | "shadow" | "mark";
  /** It is asked and counted, and does nothing. */
  readonly dry_run?: boolean;
  readonly [setting: string]: unknown;
}

export interface RuleCounts {
  readonly hits: number;
  readonly dry_run: number;
}

/** What holds in the stream. */
export interface House {
  readonly slow?: number;
  readonly modes?: readonly string[];
  readonly mods_first_s?: number;
  readonly shield?: boolean;
  readonly rules?: Readonly<Record<string, HouseRule>>;
  readonly terms?: readonly Term[];
  readonly counts?: Readonly<Record<string, RuleCounts>>;
  readonly sanctions?: readonly Sanction[];
}

/** What a raid looks like: texts that people would call the same, or accounts made a moment ago. */
export interface SimilarGroup {
  readonly why: "text" | "new_accounts";
  readonly count: number;
  /** All of the group: what one act names. */
  readonly seqs: readonly number[];
  /** The newest of them. */
  readonly comments: readonly Comment[];
}

export interface AuditEntry {
  readonly n: number;
  readonly at: number;
  readonly stream: string | null;
  readonly act: string | null;
  readonly do: string;
  readonly by: string | null;
  readonly kind: "user" | "rule" | "hook" | "system";
  readonly policy: string | null;
  /** "seq:4072", "id:01J…", "user:u9", "users:[…]", "act:a80" */
  readonly target: string | null;
  readonly reason: string | null;
  readonly seconds?: number | null;
  readonly value?: unknown;
  readonly seq: number | null;
  readonly prev_hash: string;
  readonly hash: string;
}

export interface AuditPage {
  /** Oldest first. */
  readonly entries: readonly AuditEntry[];
  readonly cursor: string;
  readonly more: boolean;
}

/** How far an act has come: for how many viewers it was, and to how many sockets it was written. */
export interface Reach {
  /** False: nothing was shown of it, or it was too long ago to tell. */
  readonly known?: boolean;
  readonly viewers: number;
  readonly applied: number;
  readonly p50_ms?: number;
  readonly p95_ms?: number;
  /** Stragglers whose connections were cut, so that they resume without it. */
  readonly cut?: number;
}

export interface ModeratorOptions {
  readonly stream: string;
  /** Where the server is; the page's own origin when left out. */
  readonly server?: string | URL;
  readonly token: string | TokenSource;
  readonly ports?: Partial<Ports>;
}

const LOG_LIMIT = 500;

export class Moderator {
  readonly stream: string;
  private readonly server: Server;

  constructor(options: ModeratorOptions) {
    const { token } = options;
    const source: TokenSource = typeof token === "function" ? token : (reason) => (reason === "first" ? token : undefined);
    this.stream = options.stream;
    this.server = new Server(new URL(options.server ?? globalThis.location.origin), { ...browserPorts(), ...options.ports }, source);
  }

  act(act: Act): Promise<Acted> {
    return this.post("", act);
  }

  /** Lifts that act only. */
  undo(act: string): Promise<Acted> {
    return this.post("/undo", { act });
  }

  held(limit?: number): Promise<HeldQueue> {
    return this.get("/held", { limit });
  }

  /** Takes a held comment for a while, so that nobody else does; again to go on. 409 `conflict`: somebody has it. */
  claim(id: string): Promise<Claim> {
    return this.post(`/held/${encodeURIComponent(id)}/claim`, {});
  }

  release(id: string): Promise<Claim> {
    return this.post(`/held/${encodeURIComponent(id)}/release`, {});
  }

  user(id: string): Promise<UserSeen> {
    return this.get(`/users/${encodeURIComponent(id)}`);
  }

  house(): Promise<House> {
    return this.get("/rules");
  }

  /** Sets the house rules, whole: what they do to whom breaks them, and which are in dry run. */
  async setRules(rules: Readonly<Record<string, HouseRule>>): Promise<void> {
    await this.server.json(this.server.streamUrl(this.stream, ""), { method: "PUT", body: { rules } });
  }

  /** With at most `limit` comments of each group. */
  async similar(limit?: number): Promise<readonly SimilarGroup[]> {
    const { groups } = await this.get<{ groups: readonly SimilarGroup[] }>("/similar", { limit });
    return groups;
  }

  /** A page of the audit after entry n, oldest first. */
  audit(after = 0, limit = LOG_LIMIT): Promise<AuditPage> {
    return this.get("/log", { after, limit });
  }

  reach(act: string): Promise<Reach> {
    return this.get(`/reach/${encodeURIComponent(act)}`);
  }

  private get<T>(tail: string, query: Readonly<Record<string, string | number | undefined>> = {}): Promise<T> {
    return this.server.json<T>(this.server.streamUrl(this.stream, `/moderation${tail}`, query));
  }

  private post<T>(tail: string, body: unknown): Promise<T> {
    return this.server.json<T>(this.server.streamUrl(this.stream, `/moderation${tail}`), { method: "POST", body });
  }
}
