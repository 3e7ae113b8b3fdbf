// SPDX-License-Identifier: Apache-2.0
/* known -- the names of those whom this screen has seen, so that people are told of people and not of ids. */
import type { AuditEntry, Line, User } from "@roar/sdk";
import { nameOf } from "../look.js";
import type { Names } from "./telling.js";

const KEPT = 10_000;

export class Known implements Names {
  private readonly names = new Map<string, string>();
  private readonly authors = new Map<number | string, string>();

  constructor(readonly act: (id: string) => AuditEntry | undefined = () => undefined) {}

  user(id: string): string {
    return this.names.get(id) ?? id;
  }

  author(comment: number | string): string | undefined {
    const id = this.authors.get(comment);
    return id === undefined ? undefined : this.user(id);
  }

  meet(user: User): void {
    keep(this.names, user.id, nameOf(user));
  }

  /** Whose comments stand where, or have these ids. */
  meetAt(user: User, comments: readonly (number | string | undefined)[]): void {
    for (const comment of comments) if (comment !== undefined) keep(this.authors, comment, user.id);
    this.meet(user);
  }

  read(lines: readonly Line[]): void {
    for (const line of lines) {
      if (line.kind !== "comment" && line.kind !== "removed") continue;
      const user = line.kind === "comment" ? line.comment.user : line.user;
      if (this.authors.has(line.seq)) continue;
      this.meetAt(user, [line.seq, line.kind === "comment" ? line.comment.id : line.id]);
    }
  }
}

/** The oldest gives way. */
function keep<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= KEPT) return;
    map.delete(oldest);
  }
}
