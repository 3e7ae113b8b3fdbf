// SPDX-License-Identifier: Apache-2.0
/* appeal -- the dialog in which somebody says why what was done to them should be undone. */
import { Problem, type Stream } from "@roar/sdk";
import { part, setText } from "./dom.js";
import { reasonOf } from "./words.js";

export class AppealView {
  private readonly dialog = part<HTMLDialogElement>("appeal");
  private readonly text = part<HTMLTextAreaElement>("appeal-text");
  private readonly done = part<HTMLButtonElement>("appeal-done");
  private act: string | undefined;
  private sent: () => void = () => undefined;

  constructor(private readonly stream: Pick<Stream, "appeal">) {
    part("appeal-cancel").addEventListener("click", () => this.dialog.close());
    part("appeal-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
  }

  /** `sent`: it was handed in. */
  open(act: string, sent: () => void): void {
    this.sent = sent;
    if (act !== this.act) this.text.value = "";
    this.act = act;
    setText(part("appeal-error"), "");
    this.dialog.showModal();
    this.text.focus();
  }

  private async send(): Promise<void> {
    const text = this.text.value.trim();
    if (this.act === undefined || text === "") return;
    this.done.disabled = true;
    try {
      await this.stream.appeal(this.act, text);
      this.dialog.close();
      this.sent();
    } catch (error) {
      setText(part("appeal-error"), `${error instanceof Problem ? reasonOf(error) : String(error)}.`);
    } finally {
      this.done.disabled = false;
    }
  }
}
