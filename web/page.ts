// SPDX-License-Identifier: Apache-2.0
/* page -- /?stream=NAME: one stream, read and written in a browser through the SDK. Without a name, a way to pick one. */
import { Problem, Stream, type Status } from "@roar/sdk";
import { Announcer } from "./announcer.js";
import { AppealView } from "./appeal.js";
import { Composer } from "./composer.js";
import { loadChoices, Pass, recentStreams, rememberStream, saveChoices, shelf, showTheme } from "./device.js";
import { part, setText } from "./dom.js";
import { Feed } from "./feed.js";
import { hueOf, nameOf } from "./look.js";
import { connectionWord, reasonOf, viewersText } from "./words.js";

const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;
const WINDOW = 300;
/** A loss that is mended sooner is not worth a word. */
const NOTICE_AFTER_MS = 1_500;

const streamAddress = (name: string): string => `/?stream=${encodeURIComponent(name)}`;

// -- settings --

const choices = loadChoices();
const on_choice: (() => void)[] = [];

function openSettings(): void {
  const dialog = part<HTMLDialogElement>("settings");
  for (const input of dialog.querySelectorAll<HTMLInputElement>("input[type=radio]")) {
    input.checked = choices[input.name as keyof typeof choices] === input.value;
  }
  dialog.showModal();
}

function initSettings(): void {
  const dialog = part<HTMLDialogElement>("settings");
  dialog.addEventListener("change", (event) => {
    const { name, value } = event.target as HTMLInputElement;
    Object.assign(choices, { [name]: value });
    saveChoices(choices);
    for (const act of on_choice) act();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  part("settings-open").addEventListener("click", openSettings);
  on_choice.push(() => showTheme(choices));
  showTheme(choices);
}

// -- picking a stream --

function showPicker(wrong_name: string | undefined): void {
  const name = part<HTMLInputElement>("picker-name");
  const hint = part("picker-hint");
  const refuse = (): void => {
    hint.classList.add("error");
    name.ariaInvalid = "true";
    name.focus();
  };
  part("picker").hidden = false;
  part("picker-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (NAME_PATTERN.test(name.value.trim())) location.assign(streamAddress(name.value.trim()));
    else refuse();
  });
  const recent = recentStreams();
  part("recent").hidden = recent.length === 0;
  for (const stream of recent) {
    const link = document.createElement("a");
    link.href = streamAddress(stream);
    link.textContent = stream;
    link.dataset["hue"] = String(hueOf(stream));
    const item = document.createElement("li");
    item.append(link);
    part("recent-list").append(item);
  }
  name.focus();
  if (wrong_name === undefined) return;
  name.value = wrong_name;
  refuse();
}

// -- a stream --

/** The state of the connection, always in the header, and in words when it keeps somebody waiting. */
class ConnectionView {
  private is_due = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private countdown: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly stream: Stream) {
    part("notice-retry").addEventListener("click", () => stream.reconnect());
  }

  draw(): void {
    const { status } = this.stream;
    const pill = part("connection");
    pill.hidden = false;
    pill.dataset["phase"] = status.is_offline && status.phase !== "live" ? "offline" : status.phase;
    setText(pill, connectionWord(status));
    pill.title = status.transport === undefined ? "" : `by ${status.transport}`;
    if (status.phase === "live") return this.clear();
    if (status.is_offline || status.phase === "stopped") this.is_due = true;
    else this.timer ??= setTimeout(() => this.become(true), NOTICE_AFTER_MS);
    this.countdown ??= setInterval(() => this.drawNotice(), 1_000);
    this.drawNotice();
  }

  private become(is_due: boolean): void {
    this.is_due = is_due;
    this.drawNotice();
  }

  private clear(): void {
    clearTimeout(this.timer);
    clearInterval(this.countdown);
    this.timer = undefined;
    this.countdown = undefined;
    this.become(false);
  }

  private drawNotice(): void {
    const { status } = this.stream;
    part("notice").hidden = !this.is_due;
    if (!this.is_due) return;
    setText(part("notice-text"), noticeText(status));
    const left_s = Math.ceil(((status.retry_at ?? 0) - Date.now()) / 1_000);
    setText(part("notice-left"), left_s > 1 && !status.is_offline ? `Next try in ${left_s} s` : "");
    part("notice-retry").hidden = status.phase === "connecting";
  }
}

function noticeText(status: Status): string {
  if (status.phase === "stopped") return `${status.problem === undefined ? "Stopped" : reasonOf(status.problem)}.`;
  if (status.is_offline) return "You are offline. What you write is sent when you are back.";
  if (status.problem !== undefined) return `${reasonOf(status.problem)}.`;
  return "The connection was lost. What you missed will be here when it is back.";
}

function drawPins(stream: Stream, drawn: { pins: readonly unknown[] }): void {
  const { pins } = stream.facts;
  if (pins.length === drawn.pins.length && pins.every((pin, i) => pin === drawn.pins[i])) return;
  drawn.pins = pins;
  const section = part("pins");
  section.hidden = pins.length === 0;
  section.replaceChildren(
    ...pins.map((pin) => {
      const line = document.createElement("p");
      const name = document.createElement("bdi");
      name.className = "name";
      name.textContent = nameOf(pin.user);
      const text = document.createElement("span");
      text.dir = "auto";
      text.textContent = pin.text;
      line.className = "pin";
      line.dataset["hue"] = String(hueOf(pin.user.id));
      line.append(name, " ", text);
      return line;
    }),
  );
}

/** What a moderator said to us: it is read, and said to be, before anything else is written. */
class WarningView {
  private readonly dialog = part<HTMLDialogElement>("warning");
  private put_off: string | undefined;
  private shown: string | undefined;
  private is_answering = false;

  constructor(
    private readonly stream: Stream,
    /** It is over, and was neither read nor put off here. */
    private readonly on_over: () => void,
  ) {
    this.dialog.addEventListener("cancel", () => (this.put_off = stream.warning?.act));
    part("warning-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.acknowledge();
    });
  }

  draw(): void {
    const { warning } = this.stream;
    if (warning === undefined) return this.end();
    if (warning.act === this.put_off) return;
    if (this.dialog.open && warning.act !== this.shown) this.dialog.close(); // the next is read out as the first was
    const is_next = this.shown !== undefined && warning.act !== this.shown;
    if (warning.act !== this.shown) setText(part("warning-error"), "");
    setText(part("warning-text"), warning.text === "" ? "A moderator warned you about what you wrote here." : warning.text);
    if (this.dialog.open) return;
    setText(part("warning-title"), is_next ? "Another warning from a moderator" : "A warning from a moderator");
    this.shown = warning.act;
    this.dialog.showModal();
  }

  /** Who writes again is told again. */
  remind(): void {
    this.put_off = undefined;
  }

  private end(): void {
    const is_elsewhere = this.dialog.open && !this.is_answering;
    this.shown = undefined;
    this.dialog.close();
    if (is_elsewhere) this.on_over();
  }

  private async acknowledge(): Promise<void> {
    const button = part<HTMLButtonElement>("warning-done");
    button.disabled = true;
    this.is_answering = true;
    setText(part("warning-error"), "");
    try {
      await this.stream.acknowledge();
    } catch (error) {
      setText(part("warning-error"), `${error instanceof Problem ? reasonOf(error) : String(error)}. Try again.`);
    } finally {
      button.disabled = false;
      requestAnimationFrame(() => (this.is_answering = false)); // behind the frame that draws it
    }
  }
}

function showStream(name: string): void {
  const pass = new Pass();
  const stream = new Stream({ stream: name, token: (reason) => pass.token(reason), window: WINDOW, storage: shelf });
  const announcer = new Announcer(part("announcer"));
  const warning = new WarningView(stream, () => announcer.now("The warning is over: it was taken back, or read elsewhere"));
  const appeal = new AppealView(stream);
  const feed = new Feed(
    {
      scroller: part("feed"),
      list: part<HTMLOListElement>("lines"),
      jump: part<HTMLButtonElement>("jump"),
      empty: part("empty"),
    },
    stream,
    () => pass.user,
    (against, sent) =>
      appeal.open(against, () => {
        announcer.now("Your appeal was sent to the moderators");
        sent();
      }),
  );
  const composer = new Composer(
    {
      join: part<HTMLFormElement>("join"),
      join_name: part<HTMLInputElement>("join-name"),
      join_error: part("join-error"),
      composer: part<HTMLFormElement>("composer"),
      text: part<HTMLTextAreaElement>("text"),
      send: part<HTMLButtonElement>("send"),
      hint: part("composer-hint"),
      counter: part("counter"),
      wait: part("wait"),
      leave: part<HTMLButtonElement>("leave"),
    },
    stream,
    pass,
    () => {
      warning.remind();
      feed.toNewest();
    },
  );
  const connection = new ConnectionView(stream);
  const drawn = { pins: [] as readonly unknown[], read_seq: -1, failed: new Set<string>(), held: new Set<string>(), removed: new Set<string>() };

  /** Reads aloud what is new since the last frame: others' comments, and what of ours was refused. */
  function announce(): void {
    const { lines } = stream;
    const is_first = drawn.read_seq < 0;
    let newest = drawn.read_seq;
    const fresh = [];
    for (let i = lines.length - 1; i >= 0; i--) {
      const line = lines[i];
      if (line?.kind === "comment") {
        if (line.seq <= drawn.read_seq) break;
        newest = Math.max(newest, line.seq);
        if (line.comment.user.id !== pass.user?.id) fresh.push(line.comment);
      } else if (line?.kind === "own" && line.state === "failed" && !drawn.failed.has(line.cid)) {
        drawn.failed.add(line.cid);
        drawn.held.delete(line.cid);
        announcer.now(`Not sent: ${line.problem === undefined ? "" : reasonOf(line.problem)}`);
      } else if (line?.kind === "own" && line.state === "held" && !drawn.held.has(line.cid)) {
        drawn.held.add(line.cid);
        announcer.now(`Your comment waits for a moderator${drawn.failed.delete(line.cid) ? " again" : ""}`);
      } else if (line?.kind === "own" && line.state === "pending") {
        drawn.failed.delete(line.cid);
      }
    }
    for (const line of lines) {
      if (line.kind !== "removed" || drawn.removed.has(line.key)) continue;
      drawn.removed.add(line.key);
      announcer.now(line.is_held ? "Your comment waits for a moderator" : "Your comment was removed by a moderator");
    }
    drawn.read_seq = newest;
    if (!is_first) for (const { user, text } of fresh.reverse()) announcer.comment(nameOf(user), text);
  }

  function draw(): void {
    const { facts } = stream;
    feed.draw();
    composer.draw(facts);
    connection.draw();
    warning.draw();
    drawPins(stream, drawn);
    announce();
    const viewers = part("viewers");
    viewers.hidden = facts.viewers === undefined;
    if (facts.viewers !== undefined) setText(viewers, viewersText(facts.viewers, facts.viewers_approx));
  }

  let is_due = false;
  stream.onChange(() => {
    if (is_due) return;
    is_due = true;
    requestAnimationFrame(() => {
      is_due = false;
      draw();
    });
  });

  const choose = (): void => {
    feed.setTimeStyle(choices.time);
    announcer.is_on = choices.speak === "calm";
  };
  on_choice.push(choose);
  choose();

  document.title = `${name} · Roar`;
  setText(part("title"), name);
  part("title").hidden = false;
  part("chat").hidden = false;
  rememberStream(name);
  draw();
}

initSettings();
const asked = new URLSearchParams(location.search).get("stream")?.trim();
if (asked !== undefined && NAME_PATTERN.test(asked)) showStream(asked);
else showPicker(asked === "" ? undefined : asked);
