// SPDX-License-Identifier: Apache-2.0
/* studio -- /studio?stream=NAME: where those who moderate a stream watch it and act on it, by keys first. */
import {
  Moderator,
  Problem,
  Stream,
  type Act,
  type AuditEntry,
  type News,
  type SimilarGroup,
  type User,
} from "@roar/sdk";
import { Announcer } from "./announcer.js";
import { loadChoices } from "./device.js";
import { make, part, setText } from "./dom.js";
import { nameOf } from "./look.js";
import { Acting, wordsOf } from "./studio/acting.js";
import { ask, type Answer } from "./studio/ask.js";
import { Audit } from "./studio/audit.js";
import { ActBar } from "./studio/bar.js";
import { actOf, commentKeys, groupKeys, isWriting, otherKeys, panels, queueKeys, type ActKey, type Panel } from "./studio/keys.js";
import { Known } from "./studio/known.js";
import { Live, type Shown } from "./studio/live.js";
import { Person } from "./studio/person.js";
import { Queue } from "./studio/queue.js";
import { groupAct, groupText, previewOf, Raid } from "./studio/raid.js";
import { Reach } from "./studio/reach.js";
import { Rules } from "./studio/rules.js";
import { signIn, signOut, whyOf, type Pass } from "./studio/sign_in.js";
import { Standing } from "./studio/standing.js";
import { Tabs } from "./studio/tabs.js";
import { entryText } from "./studio/telling.js";
import { Trail } from "./studio/trail.js";
import { connectionWord, modeWords, reasonOf, viewersText, waitText } from "./words.js";

const WINDOW = 500;
const PEER_MS = 15_000;
/** Acts that change what holds for somebody, or for the stream. */
const CHANGES_STANDING = new Set(["ban", "unban", "timeout", "shadow", "unshadow", "warn", "hold", "acknowledge", "slow", "mode", "shield", "terms", "rules", "undo"]);

/** Whom an act falls on. */
interface Target {
  readonly seq?: number;
  readonly id: string;
  readonly user: User;
}

function actOn(what: ActKey, target: Target, answer: Answer): Act | undefined {
  const because = answer.reason === undefined ? {} : { reason: answer.reason };
  const { seq, id, user } = target;
  const comment = seq === undefined ? { id } : { seq };
  switch (what.do) {
    case "delete":
    case "restore":
      return { do: what.do, ...comment, ...because };
    case "hold":
      return { do: what.do, ...comment, ...because };
    case "pin":
    case "unpin":
      return { do: what.do, ...comment, ...because };
    case "approve":
    case "reject":
      return { do: what.do, id, ...because };
    case "timeout":
      return { do: "timeout", user: user.id, seconds: answer.seconds ?? what.seconds ?? 600, ...because };
    case "warn":
      return answer.text === undefined ? undefined : { do: "warn", user: user.id, text: answer.text, ...because };
    case "ban":
    case "unban":
    case "shadow":
    case "unshadow":
    case "purge":
      return { do: what.do, user: user.id, ...because };
    default:
      return undefined;
  }
}

class Studio {
  private readonly stream: Stream;
  private readonly moderator: Moderator;
  private readonly announcer = new Announcer(part("announcer"));
  private readonly acting: Acting;
  private readonly known = new Known();
  private readonly trail: Trail;
  private readonly standing: Standing;
  private readonly live: Live;
  private readonly queue: Queue;
  private readonly raid: Raid;
  private readonly person: Person;
  private readonly rules: Rules;
  private readonly audit: Audit;
  private readonly reach: Reach;
  private readonly tabs: Tabs;
  private readonly comment_bar: ActBar;
  private readonly queue_bar: ActBar;
  private readonly raid_bar: ActBar;
  private has_single_keys = true;
  private read_seq = -1;
  private is_due = false;
  private peer_timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly pass: Pass) {
    const { stream: name, token, self } = pass;
    this.moderator = new Moderator({ stream: name, token });
    this.stream = new Stream({ stream: name, token, window: WINDOW, tail: 200, keep_removed: "all" });
    const failed = (error: unknown): void => this.failed(error);
    this.acting = new Acting(this.moderator, { told: part("told"), text: part("told-text"), undo: part("told-undo") }, (acted, what, words) => {
      if (acted.seq !== undefined && what !== "undo") this.reach.follow(acted.act, words);
      this.trail.poke();
    });
    this.trail = new Trail(this.moderator, (fresh, is_first) => this.grew(fresh, is_first), failed);
    this.standing = new Standing(this.moderator, () => this.drawStanding(), failed);
    this.live = new Live(
      { box: part("live"), lines: part("lines"), jump: part<HTMLButtonElement>("jump"), empty: part("empty") },
      this.stream,
      this.trail,
      this.standing,
      (line) => this.choseLine(line),
    );
    this.queue = new Queue({
      parts: { panel: part("panel-queue"), box: part("queue"), empty: part("queue-empty") },
      moderator: this.moderator,
      self,
      chosen: () => this.drawQueueBar(),
      changed: () => this.drawQueueBar(),
      failed,
    });
    this.raid = new Raid({
      panel: part("panel-raid"),
      box: part("raid"),
      empty: part("raid-empty"),
      moderator: this.moderator,
      chosen: (group) => this.raid_bar.show(group !== undefined),
      changed: () => this.tabs.count("raid", this.raid.count),
      failed,
    });
    this.person = new Person({
      box: part("panel-person"),
      moderator: this.moderator,
      undo: (act, words) => void this.acting.undo(act, words),
      remove: (seq, user) => void this.acting.do({ do: "delete", seq }, `${nameOf(user)}'s comment`),
      restore: (seq, user) => void this.acting.do({ do: "restore", seq }, `${nameOf(user)}'s comment`),
      failed,
    });
    this.rules = new Rules({
      box: part("panel-rules"),
      act: (act, words) => this.acting.do(act, words),
      setRules: async (rules) => {
        await this.moderator.setRules(rules).catch(failed);
        await this.standing.refresh();
      },
      texts: () => this.stream.lines.flatMap((line) => (line.kind === "comment" ? line.comment.text : [])),
    });
    this.audit = new Audit(part("panel-audit"), this.trail, this.known, (act, words) => void this.acting.undo(act, words));
    this.reach = new Reach(part("reach"), this.moderator);
    this.comment_bar = new ActBar(part("acts"), part("live"), commentKeys, (act, is_asked) => void this.onLine(act, is_asked));
    this.queue_bar = new ActBar(part("queue-acts"), part("queue"), queueKeys, (act, is_asked) => void this.onHeld(act, is_asked));
    this.raid_bar = new ActBar(part("raid-acts"), part("raid"), groupKeys, (act) => void this.onGroup(act));
    this.tabs = new Tabs(part("tabs"), part("desk"), (panel) => this.opened(panel));
  }

  start(): void {
    const { stream } = this;
    stream.onChange(() => this.soon());
    stream.onNews((news) => this.heard(news));
    document.addEventListener("keydown", (event) => this.onKey(event));
    this.buildHelp();
    document.title = `${stream.name} · Studio`;
    setText(part("title"), stream.name);
    for (const id of ["title", "desk", "help-open"]) part(id).hidden = false;
    this.tabs.show("live");
    this.trail.start();
    this.queue.start();
    void this.standing.refresh();
    this.draw();
    part("live").focus();
  }

  // -- what comes --

  private heard(news: News): void {
    if (news.type === "held" || news.type === "approved" || news.type === "rejected") this.queue.poke();
    else if (news.type !== "removed") this.trail.poke();
  }

  /** Somebody acted: we, another moderator, a rule. */
  private grew(fresh: readonly AuditEntry[], is_first: boolean): void {
    if (!is_first && fresh.some(({ do: what }) => CHANGES_STANDING.has(what))) void this.standing.refresh();
    if (!is_first && this.person.shown !== undefined && this.tabs.shown === "person") this.person.refresh();
    this.queue.poke();
    this.audit.draw();
    this.soon();
    if (is_first) return;
    const others = fresh.filter(({ by, kind }) => kind === "user" && by !== this.pass.self);
    for (const entry of others) {
      if (entry.act !== null && entry.seq !== null && entry.do !== "undo") this.reach.follow(entry.act, entryText(entry, this.known));
    }
    const newest = others.at(-1);
    if (newest !== undefined) this.tellPeer(`${entryText(newest, this.known)}.`);
  }

  /** What another moderator did a moment ago; what we did is told elsewhere, and stays. */
  private tellPeer(text: string): void {
    const peers = part("peers");
    peers.hidden = false;
    setText(peers, text);
    clearTimeout(this.peer_timer);
    this.peer_timer = setTimeout(() => (peers.hidden = true), PEER_MS);
  }

  private failed(error: unknown): void {
    if (error instanceof Problem && error.is_about_token) return this.signedOut(whyOf(error));
    // What this server does not serve is not there; a network that fails is told by the connection.
    if (error instanceof Problem && (error.status === 404 || error.status === 0)) return;
    this.acting.tell(`${wordsOf(error)}.`);
  }

  private signedOut(why: string): void {
    this.stream.close();
    signOut(why);
  }

  // -- drawing --

  private soon(): void {
    if (this.is_due) return;
    this.is_due = true;
    requestAnimationFrame(() => {
      this.is_due = false;
      this.draw();
    });
  }

  private draw(): void {
    this.known.read(this.stream.lines);
    this.live.draw();
    this.drawHeader();
    this.drawLineBar();
    this.announce();
  }

  private drawHeader(): void {
    const { facts, status } = this.stream;
    const viewers = part("viewers");
    viewers.hidden = facts.viewers === undefined;
    if (facts.viewers !== undefined) setText(viewers, viewersText(facts.viewers, facts.viewers_approx));
    const pill = part("connection");
    pill.hidden = false;
    pill.dataset["phase"] = status.is_offline && status.phase !== "live" ? "offline" : status.phase;
    setText(pill, connectionWord(status));
    const notice = part("notice");
    notice.hidden = status.phase !== "stopped";
    setText(notice, status.problem === undefined ? "" : `${reasonOf(status.problem)}.`);
    this.drawInForce();
  }

  private drawInForce(): void {
    const { slow, modes, shield, state } = this.stream.facts;
    const words = [
      ...(shield || this.standing.house.shield === true ? ["Shield"] : []),
      ...(state === "live" ? [] : [state === "ended" ? "Ended" : "Paused"]),
      ...(slow > 0 ? [`Slow ${waitText(slow)}`] : []),
      ...modes.map((mode) => modeWords[mode] ?? mode),
    ];
    const list = part("in-force");
    if (list.dataset["words"] === words.join("|")) return;
    list.dataset["words"] = words.join("|");
    list.hidden = words.length === 0;
    list.replaceChildren(...words.map((word) => make("li", "chip", word)));
  }

  private drawStanding(): void {
    this.rules.draw(this.standing.house);
    this.soon();
  }

  private drawLineBar(): void {
    const { chosen } = this.live;
    this.comment_bar.show(chosen !== undefined);
    if (chosen === undefined) return;
    const is_pinned = this.stream.facts.pins.some(({ seq }) => seq === chosen.seq);
    const is_removed = chosen.kind === "removed";
    this.comment_bar.name("pin", is_pinned ? "Unpin" : "Pin");
    this.comment_bar.name("delete", is_removed ? "Restore" : "Delete");
    this.comment_bar.can("pin", !is_removed);
    this.comment_bar.can("hold", !is_removed);
  }

  private drawQueueBar(): void {
    const { chosen } = this.queue;
    this.queue_bar.show(chosen !== undefined);
    this.tabs.count("queue", this.queue.count);
    if (chosen === undefined) return;
    const is_free = this.queue.takenBy(chosen.id) === undefined;
    for (const { do: what, to } of queueKeys) this.queue_bar.can(what, is_free || to === "user");
  }

  private announce(): void {
    const is_first = this.read_seq < 0;
    const fresh = [];
    const { lines } = this.stream;
    for (let at = lines.length - 1; at >= 0; at--) {
      const line = lines[at];
      if (line?.kind !== "comment") continue;
      if (line.seq <= this.read_seq) break;
      fresh.unshift(line.comment);
    }
    this.read_seq = Math.max(this.read_seq, 0, ...fresh.map(({ seq }) => seq));
    if (!is_first) for (const { user, text } of fresh) this.announcer.comment(nameOf(user), text);
  }

  // -- choosing --

  private choseLine(line: Shown | undefined): void {
    this.drawLineBar();
    if (line !== undefined && this.tabs.shown === "person") void this.person.show(userOf(line));
  }

  private opened(panel: Panel | "live"): void {
    this.raid.open(panel === "raid");
    this.audit.open(panel === "audit");
    this.standing.watch(panel === "rules");
    if (panel === "rules") this.rules.draw(this.standing.house);
    if (panel !== "queue") this.queue.leave();
    const { chosen } = this.live;
    if (panel === "person" && chosen !== undefined) void this.person.show(userOf(chosen));
  }

  private showPerson(): void {
    const user = this.focusedUser();
    if (user === undefined) return;
    this.tabs.show("person");
    void this.person.show(user);
  }

  private focusedUser(): User | undefined {
    if (this.queue.list.has_focus) return this.queue.chosen?.user;
    const { chosen } = this.live;
    return chosen === undefined ? undefined : userOf(chosen);
  }

  // -- acting --

  private async onLine(what: ActKey, is_asked: boolean): Promise<void> {
    const { chosen } = this.live;
    if (chosen === undefined) return;
    const user = userOf(chosen);
    const is_pinned = this.stream.facts.pins.some(({ seq }) => seq === chosen.seq);
    const other = what.do === "pin" && is_pinned ? "unpin" : what.do === "delete" && chosen.kind === "removed" ? "restore" : what.do;
    if (chosen.kind === "removed" && (other === "pin" || other === "hold")) return;
    const id = chosen.kind === "comment" ? chosen.comment.id : chosen.id;
    await this.onTarget({ ...what, do: other }, is_asked, { seq: chosen.seq, id, user });
  }

  private async onHeld(what: ActKey, is_asked: boolean): Promise<void> {
    const { chosen } = this.queue;
    if (chosen === undefined) return;
    const { id, user } = chosen;
    const taken = this.queue.takenBy(id);
    if (taken !== undefined && what.to === "comment") return this.acting.tell(`${taken} looks at this one.`);
    const is_done = await this.onTarget(what, is_asked, { id, user });
    if (is_done && what.to === "comment") this.queue.drop(id);
  }

  private async onTarget(what: ActKey, is_asked: boolean, target: Target): Promise<boolean> {
    const name = nameOf(target.user);
    const whom = what.to === "comment" ? `${name}'s comment` : what.do === "purge" ? `all comments of ${name}` : name;
    const title = `${what.do === "restore" ? "Restore" : what.do === "unpin" ? "Unpin" : what.label} ${whom}`;
    const answer = is_asked ? await ask({ title, done: title.split(" ")[0] ?? "Do it", seconds: what.seconds, needs_text: what.needs_text }) : {};
    const act = answer === undefined ? undefined : actOn(what, target, answer);
    if (act === undefined) return false;
    const time = act.do === "timeout" ? ` for ${waitText(act.seconds)}` : "";
    return this.acting.do(act, whom + time);
  }

  private async onGroup(what: ActKey): Promise<void> {
    const group: SimilarGroup | undefined = this.raid.chosen;
    if (group === undefined) return;
    const whom = groupText(group, what);
    const answer = await ask({ title: `${doneVerb(what)} ${whom}?`, done: `${doneVerb(what)} ${whom}`, seconds: what.seconds, preview: previewOf(group) });
    const act = answer === undefined ? undefined : groupAct(group, what, answer);
    if (act === undefined) return;
    await this.acting.do(act, whom);
    await this.raid.refresh();
  }

  // -- keys --

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (isWriting(event.target) || document.querySelector("dialog[open]") !== null) return;
    if (event.key === "Escape") return this.live.follow();
    if (event.key === "?") return this.openHelp(event);
    if (!this.has_single_keys) return;
    if (this.actByKey(event) || this.goByKey(event)) event.preventDefault();
  }

  private actByKey(event: KeyboardEvent): boolean {
    const { queue, raid, live } = this;
    if (queue.list.has_focus || this.queue_bar.has_focus) return this.found(actOf(queueKeys, event), (act, is_asked) => this.onHeld(act, is_asked));
    if (raid.list.has_focus || this.raid_bar.has_focus) return this.found(actOf(groupKeys, event), (act) => this.onGroup(act));
    if (!live.list.has_focus && !this.comment_bar.has_focus) return false;
    return this.found(actOf(commentKeys, event), (act, is_asked) => this.onLine(act, is_asked));
  }

  private found(found: ReturnType<typeof actOf>, act: (what: ActKey, is_asked: boolean) => Promise<void>): boolean {
    if (found !== undefined) void act(found.act, found.ask);
    return found !== undefined;
  }

  private goByKey({ key, target }: KeyboardEvent): boolean {
    const panel = panels[Number(key) - 1];
    const in_list = target instanceof HTMLElement && target.matches("[role=listbox]");
    if (key === "u") void this.acting.undoLast();
    else if (key === "v" || (key === "Enter" && in_list)) this.showPerson();
    else if (key === "l") this.toLive();
    else if (panel !== undefined) this.tabs.go(panel);
    else return false;
    return true;
  }

  private toLive(): void {
    if (this.tabs.is_wide) this.queue.leave();
    else this.tabs.show("live");
    part("live").focus({ preventScroll: true });
  }

  // -- help --

  private openHelp(event: Event): void {
    event.preventDefault();
    part<HTMLDialogElement>("help").showModal();
  }

  private buildHelp(): void {
    const list = (title: string, keys: readonly (readonly [string, string])[]): HTMLElement => {
      const section = make("section", "");
      const rows = make("dl", "");
      for (const [key, label] of keys) {
        const term = make("dt", "");
        term.append(make("kbd", "", key));
        rows.append(term, make("dd", "", label));
      }
      section.append(make("h3", "", title), rows);
      return section;
    };
    const pairs = (keys: readonly ActKey[]): [string, string][] => keys.map(({ key, label }) => [key, label]);
    part("help-keys").append(list("A comment", pairs(commentKeys)), list("A held one", pairs(queueKeys)), list("A group", pairs(groupKeys)), list("Everywhere", otherKeys));
    part("help-open").addEventListener("click", (event) => this.openHelp(event));
    const single = part<HTMLInputElement>("help-single");
    const speak = part<HTMLInputElement>("help-speak");
    single.checked = this.has_single_keys;
    speak.checked = this.announcer.is_on;
    single.addEventListener("change", () => (this.has_single_keys = single.checked));
    speak.addEventListener("change", () => (this.announcer.is_on = speak.checked));
    part("sign-out").addEventListener("click", () => signOut());
  }
}

const userOf = (line: Shown): User => (line.kind === "comment" ? line.comment.user : line.user);

const doneVerb = ({ label }: ActKey): string => label.replace(/ (all|authors)$/, "");

function applyTheme(): void {
  const { theme } = loadChoices();
  if (theme !== "auto") document.documentElement.dataset["theme"] = theme;
}

applyTheme();
void signIn().then((pass) => new Studio(pass).start());
