// SPDX-License-Identifier: Apache-2.0
/* acting -- does acts, says what came of them, and remembers ours so that a key undoes the last. */
import { Problem, type Act, type Acted, type Moderator } from "@roar/sdk";
import type { Announcer } from "../announcer.js";
import { setText } from "../dom.js";
import { reasonOf } from "../words.js";
import type { Where } from "./scope.js";
import { doneWord, toDoWord } from "./telling.js";

export interface ActingParts {
  readonly told: HTMLElement;
  readonly text: HTMLElement;
  readonly undo: HTMLButtonElement;
  /** Where the focus goes when there is nothing left to undo. */
  readonly rest: HTMLElement;
  /** A live region that is always there: one that comes with its words is passed over. */
  readonly voice: Pick<Announcer, "now">;
}

interface Done {
  readonly act: string;
  /** "Deleted Ann's comment" */
  readonly words: string;
  readonly where: Where;
  /** What takes it back where an undo can not: who was shown a comment has seen it. */
  readonly back?: Act | undefined;
}

/** What an act falls on, in words; of many after how many it changed, where that is known. */
export type Whom = string | ((changed: number | undefined) => string);

type Actor = Pick<Moderator, "act" | "undo">;

/** An approval is not undone: what it showed is taken back to wait again. */
function backOf(act: Act): Act | undefined {
  if (act.do !== "approve") return undefined;
  return "ids" in act ? { do: "hold", ids: act.ids } : "id" in act ? { do: "hold", id: act.id } : undefined;
}

const TOLD_MS = 12_000;

const told_as_they_are = new Set(["wrong_role", "forbidden", "bad_field"]);

export const wordsOf = (error: unknown): string =>
  error instanceof Problem ? (told_as_they_are.has(error.code) ? error.message.replace(/\.$/, "") : reasonOf(error)) : String(error);

export class Acting {
  private ours: Done[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly actors: Readonly<Record<Where, Actor>>,
    private readonly parts: ActingParts,
    /** An act is in force, or was lifted. */
    private readonly done: (acted: Acted, what: Act["do"] | "undo", did: Omit<Done, "act">) => void,
  ) {
    parts.undo.addEventListener("click", () => void this.undoLast());
    parts.undo.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays at what is acted on
  }

  /** True when it is in force. `whom` ends the sentence: "Ann's comment"; or says so when it is known what changed. */
  async do(act: Act, whom: Whom, where: Where = "here"): Promise<boolean> {
    const rest = (changed?: number): string => {
      const text = typeof whom === "string" ? whom : whom(changed);
      return (text === "" ? "" : ` ${text}`) + (where === "everywhere" ? " everywhere" : "");
    };
    try {
      const acted = await this.actors[where].act(act);
      const words = doneWord(act.do) + rest(acted.changed);
      if (acted.duplicate === true) {
        this.tell(`${words}: it was so already.`, false);
      } else {
        this.ours.push({ act: acted.act, words, where, back: backOf(act) });
        this.tell(`${words}.`, true);
      }
      this.done(acted, act.do, { words, where });
      return true;
    } catch (error) {
      this.fail(`Could not ${toDoWord(act.do)}${rest()}. ${wordsOf(error)}.`);
      return false;
    }
  }

  async undoLast(): Promise<void> {
    const last = this.ours.pop();
    if (last === undefined) return this.tell("There is nothing of yours to undo.", false);
    if (!(await this.undo(last.act, last.words, last.where, last.back))) this.ours.push(last);
  }

  async undo(act: string, words: string, where: Where = "here", back?: Act): Promise<boolean> {
    try {
      const acted = await (back === undefined ? this.actors[where].undo(act) : this.actors[where].act(back));
      this.ours = this.ours.filter((done) => done.act !== act);
      this.tell(`Undone: ${words}.`, false);
      this.done(acted, "undo", { words, where });
      return true;
    } catch (error) {
      const is_gone = error instanceof Problem && (error.status === 404 || error.status === 409);
      this.fail(`Not undone: ${words}. ${wordsOf(error)}.`);
      return is_gone;
    }
  }

  /** Says something for a while. */
  tell(text: string, can_undo = false): void {
    const { told } = this.parts;
    told.hidden = false;
    told.classList.remove("failed");
    this.offerUndo(can_undo);
    setText(this.parts.text, text);
    this.parts.voice.now(text);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.offerUndo(false);
      told.hidden = true;
    }, TOLD_MS);
  }

  /** More of what was told last. */
  add(text: string): void {
    this.tell(`${this.parts.text.textContent} ${text}`, !this.parts.undo.hidden);
  }

  private offerUndo(can_undo: boolean): void {
    const { undo, rest } = this.parts;
    const had_focus = undo === document.activeElement;
    undo.hidden = !can_undo;
    if (had_focus && !can_undo) rest.focus({ preventScroll: true });
  }

  /** Says what did not come to be, so that nobody takes it for done. */
  fail(text: string): void {
    this.tell(text);
    this.parts.told.classList.add("failed");
  }
}
