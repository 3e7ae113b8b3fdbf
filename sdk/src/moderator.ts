// SPDX-License-Identifier: Apache-2.0
/* moderator -- acts of moderation on one stream, or on all, and what moderators look up.
 *
 *     const moderator = new Moderator({ stream: "demo", token });
 *     const everywhere = new Moderator({ token }); // of an admin of all streams
 *     const { act } = await moderator.act({ do: "timeout", user: "u9", seconds: 600, reason: "spam" });
 *     await moderator.undo(act);
 *
 * An act is answered once it holds for every reader: nobody is sent what it removed after that. The same again
 * while it is in force is no error but `duplicate`. Everything here throws Problem.
 */
import { Server, type TokenSource } from "./http.js";
import type { Comment, Cursor, HistoryPage, User } from "./messages.js";
import { browserPorts, type Ports } from "./ports.js";

type OnComment = { readonly seq: number } | { readonly id: string };
type OnComments = OnComment | { readonly seqs: readonly number[] };
/** Also of those that wait, and so have no place; those that the act cannot be about are passed over. */
type OnIds = { readonly ids: readonly string[] };
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
  | ({ readonly do: "delete" | "approve" | "reject" } & OnIds)
  | ({ readonly do: "hold" } & (OnComments | OnIds | OnUsers))
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
  /** Of an act that names comments: so many it took off screens or out of the queue, or put there. Those that it names
   * besides stood so already, or are not there. */
  readonly changed?: number;
  /** It was in force already. */
  readonly duplicate?: boolean;
}

/** A comment that waits for a moderator. */
export interface HeldComment extends Omit<Comment, "seq" | "type" | "stream"> {
  readonly seq?: number;
  /** Rules that only mark, and did. */
  readonly marks?: readonly string[];
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

/** A page of what waits. */
export interface HeldQueue {
  /** Oldest first. */
  readonly comments: readonly HeldComment[];
  /** Of all that wait. */
  readonly claims: readonly Claim[];
  /** How many wait in all. */
  readonly count: number;
  /** The last of the page: the next is after it. */
  readonly cursor?: string;
  readonly more: boolean;
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

/** What somebody wrote, as it stands: without a place while it is held, without words once these are erased. */
export interface Written extends Omit<Comment, "seq" | "text"> {
  readonly seq?: number;
  readonly text?: string;
  readonly state?: "visible" | "held" | "deleted" | "shadowed";
  /** Rules that marked it. */
  readonly marks?: readonly string[];
}

/** A comment that rules have marked. */
export interface MarkedComment {
  readonly id: string;
  readonly seq: number;
  readonly marks: readonly string[];
}

/** A user in the stream: what holds for them, and what they wrote. */
export interface UserSeen {
  readonly user: User;
  readonly sanctions: readonly Sanction[];
  /** Oldest first. */
  readonly comments: readonly Written[];
  /** Where the next older page ends, if there is one. */
  readonly before?: string;
  readonly more: boolean;
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

/** One of a group: without a place while it waits. */
export interface SimilarComment extends Omit<Comment, "seq"> {
  readonly seq?: number;
  readonly state: "visible" | "held";
}

/** What a raid looks like: texts that people would call the same, or accounts made a moment ago. */
export interface SimilarGroup {
  readonly why: "text" | "new_accounts";
  /** On screens and waiting. */
  readonly count: number;
  /** How many of them wait. */
  readonly waiting: number;
  /** Those with a place. */
  readonly seqs: readonly number[];
  /** All of the group: what one act names. */
  readonly ids: readonly string[];
  /** All who wrote them. */
  readonly users: readonly string[];
  /** The newest of them. */
  readonly comments: readonly SimilarComment[];
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
  /** The newest entry of the page. */
  readonly cursor: string;
  /** Of a page that was asked for by `before`: where the next older one ends. */
  readonly before?: string;
  /** In the direction that was asked. */
  readonly more: boolean;
}

/** An act as it stands in the audit, and whether it was undone since. */
export interface ActSeen {
  readonly entry: AuditEntry;
  readonly lifted: boolean;
}

/** What a person the act concerns has to say against it. */
export interface Appeal {
  readonly id: string;
  readonly act: string;
  readonly user: string;
  readonly at: number;
  readonly text: string;
  readonly state: "open" | "granted" | "rejected";
  readonly decided_at?: number;
  readonly by?: string | null;
  /** Why it was decided so. */
  readonly words?: string | null;
}

export interface Decided {
  readonly appeal: string;
  /** Names the decision, so that it can be undone. */
  readonly act: string;
  readonly state: string;
  readonly seq?: number;
}

/** How far an act has come: for how many viewers it was, and to how many sockets it was written. */
export interface Reach {
  /** False: nothing was measured, or it is too long ago to tell. */
  readonly known?: boolean;
  /** settled: nothing more comes of it; partial: the server stopped before that; none: it has no event. */
  readonly state?: "measuring" | "settled" | "partial" | "unknown" | "none";
  /** False: readers get no event of it. */
  readonly event?: boolean;
  readonly viewers: number;
  readonly applied: number;
  readonly p50_ms?: number;
  readonly p95_ms?: number;
  /** Stragglers whose connections were cut, so that they resume without it. */
  readonly cut?: number;
  /** Of an act that removes comments: seconds they were visible times viewers, summed, and of how many. */
  readonly exposure_viewer_s?: number;
  readonly comments?: number;
  /** There may be more of both: of before the server followed the stream, or longer ago than it remembers. */
  readonly exposure_partial?: boolean;
}

export interface ModeratorOptions {
  /** Left out: all streams. Those who may are admins, with a token for all. */
  readonly stream?: string;
  /** Where the server is; the page's own origin when left out. */
  readonly server?: string | URL;
  readonly token: string | TokenSource;
  readonly ports?: Partial<Ports>;
}

type Query = Readonly<Record<string, string | number | undefined>>;

const PAGE_LIMIT = 500;
/** Beyond any entry. */
const END = 2 ** 53 - 1;

export class Moderator {
  readonly stream: string | undefined;
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

  /** A page of what waits, after the comment of that id; the oldest when it is left out. */
  held(after?: string, limit?: number): Promise<HeldQueue> {
    return this.get("/held", { after, limit });
  }

  /** Takes a held comment for a while, so that nobody else does; again to go on. 409 `conflict`: somebody has it. */
  claim(id: string): Promise<Claim> {
    return this.post(`/held/${encodeURIComponent(id)}/claim`, {});
  }

  release(id: string): Promise<Claim> {
    return this.post(`/held/${encodeURIComponent(id)}/release`, {});
  }

  /** What holds for somebody, and their newest comments: as many of those with a place, and of the others, as `limit` says (100);
   * `before` that place of a page, the next older one. */
  user(id: string, limit?: number, before?: string): Promise<UserSeen> {
    return this.get(`/users/${encodeURIComponent(id)}`, { limit, before });
  }

  house(): Promise<House> {
    return this.get("/rules");
  }

  /** Sets the house rules, whole: what they do to whom breaks them, and which are in dry run. */
  async setRules(rules: Readonly<Record<string, HouseRule>>): Promise<void> {
    await this.server.json(this.streamUrl(""), { method: "PUT", body: { rules } });
  }

  /** With at most `limit` comments of each group. */
  async similar(limit?: number): Promise<readonly SimilarGroup[]> {
    const { groups } = await this.get<{ groups: readonly SimilarGroup[] }>("/similar", { limit });
    return groups;
  }

  /** Which of the newest comments rules have marked, newest first. */
  async marked(limit = PAGE_LIMIT): Promise<readonly MarkedComment[]> {
    const { comments } = await this.get<{ comments: readonly MarkedComment[] }>("/marked", { limit });
    return comments;
  }

  /** A page of the audit after entry n. */
  audit(after = 0, limit = PAGE_LIMIT): Promise<AuditPage> {
    return this.get("/log", { after, limit });
  }

  /** The newest page of the audit before entry n. */
  auditBefore(before = END, limit = PAGE_LIMIT): Promise<AuditPage> {
    return this.get("/log", { before, limit });
  }

  entry(act: string): Promise<ActSeen> {
    return this.get(`/acts/${encodeURIComponent(act)}`);
  }

  /** A page of the comments that everybody sees, oldest first; the newest page when nothing bounds it. */
  comments(before?: Cursor, limit = PAGE_LIMIT): Promise<HistoryPage> {
    return this.server.json(this.streamUrl("/comments", { limit, before }));
  }

  /** All appeals of the stream, in the order in which they came. */
  async appeals(): Promise<readonly Appeal[]> {
    const all: Appeal[] = [];
    for (;;) {
      const after = Number(all.at(-1)?.id.slice(1) ?? 0);
      const { appeals } = await this.server.json<{ appeals: readonly Appeal[] }>(this.streamUrl("/appeals", { after, limit: PAGE_LIMIT }));
      all.push(...appeals);
      if (appeals.length < PAGE_LIMIT) return all;
    }
  }

  /** Granted, the act is undone. */
  decide(appeal: string, decision: "granted" | "rejected", reason: string): Promise<Decided> {
    const url = this.streamUrl(`/appeals/${encodeURIComponent(appeal)}/decision`);
    return this.server.json(url, { method: "POST", body: { decision, reason } });
  }

  /** A statement of reasons, as a document to be handed on. */
  statement(appeal: string): Promise<Readonly<Record<string, unknown>>> {
    return this.server.json(this.streamUrl(`/appeals/${encodeURIComponent(appeal)}/statement`));
  }

  /** How far an act got; without a stream, one on all of them. */
  reach(act: string): Promise<Reach> {
    return this.get(`/reach/${encodeURIComponent(act)}`);
  }

  private get<T>(tail: string, query: Query = {}): Promise<T> {
    return this.server.json<T>(this.url(tail, query));
  }

  private post<T>(tail: string, body: unknown): Promise<T> {
    return this.server.json<T>(this.url(tail), { method: "POST", body });
  }

  private url(tail: string, query: Query = {}): URL {
    return this.stream === undefined ? this.server.url(`/v1/moderation${tail}`, query) : this.streamUrl(`/moderation${tail}`, query);
  }

  /** What there is of a stream alone. */
  private streamUrl(tail: string, query: Query = {}): URL {
    if (this.stream === undefined) throw new Error("that is of one stream, and this moderates all");
    return this.server.streamUrl(this.stream, tail, query);
  }
}
