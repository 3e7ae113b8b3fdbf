// SPDX-License-Identifier: Apache-2.0
/* marks -- which comments rules have marked: they are shown to everybody, and who moderates is told why to look. */
import type { Marked, MarkedComment, Moderator } from "@roar/sdk";
import { ruleWord } from "./telling.js";

const KEPT = 2_000;

export class Marks {
  private by_seq = new Map<number, string>();
  private asking: Promise<void> | undefined;

  constructor(
    private readonly moderator: Pick<Moderator, "marked">,
    private readonly changed: () => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** "a link · capitals"; empty: it has none. */
  of(seq: number): string {
    return this.by_seq.get(seq) ?? "";
  }

  hear(marked: Marked): void {
    this.keep(marked);
    this.changed();
  }

  /** Asks for those that were not told; who asks meanwhile has the same answer. */
  refresh(): Promise<void> {
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async ask(): Promise<void> {
    try {
      const comments = await this.moderator.marked();
      for (const comment of [...comments].reverse()) this.keep(comment);
      this.changed();
    } catch (error) {
      this.failed(error);
    }
  }

  private keep({ seq, marks }: Pick<MarkedComment, "seq" | "marks">): void {
    this.by_seq.delete(seq);
    this.by_seq.set(seq, marksText(marks));
    for (const oldest of this.by_seq.keys()) {
      if (this.by_seq.size <= KEPT) return;
      this.by_seq.delete(oldest);
    }
  }
}

export const marksText = (marks: readonly string[] | undefined): string => (marks ?? []).map(ruleWord).join(" · ");
