// SPDX-License-Identifier: Apache-2.0
/* studio -- /studio?stream=NAME: where those who moderate a stream watch it and act on it, by keys first. */
import {
  Moderator,
  Problem,
  Stream,
  tokenEnds,
  type Act,
  type ActNotice,
  type AuditEntry,
  type ManyNotice,
  type HeldComment,
  type News,
  type SimilarGroup,
  type User,
} from "@roar/sdk";
import { Announcer } from "./announcer.js";
import { loadChoices, loadDeskChoices, saveDeskChoices, showTheme } from "./device.js";
import { make, part, setText } from "./dom.js";
import { nameOf } from "./look.js";
import { Acting, wordsOf, type Whom } from "./studio/acting.js";
import { Appeals, handOver } from "./studio/appeals.js";
import { ask, type Question } from "./studio/ask.js";
import { Audit } from "./studio/audit.js";
import { ActBar } from "./studio/bar.js";
import { previewOfClear } from "./studio/clearing.js";
import { buildHelp, openHelp } from "./studio/help.js";
import { actOf, appealKeys, commentKeys, groupKeys, isWriting, panels, personKeys, queueKeys, writtenKeys, type ActKey, type Key, type Panel } from "./studio/keys.js";
import { Known } from "./studio/known.js";
import { liftedBy, liftingOf, liftings, placeOf, type Lifting } from "./studio/lifting.js";
import { Live, type Shown } from "./studio/live.js";
import { Marks } from "./studio/marks.js";
import { Person } from "./studio/person.js";
import { Queue } from "./studio/queue.js";
import { MANY, Raid } from "./studio/raid.js";
import { Reach } from "./studio/reach.js";
import { Rules } from "./studio/rules.js";
import { signIn, signOut, whyOf, type Pass } from "./studio/sign_in.js";
import type { Where } from "./studio/scope.js";
import { actOnSeveral, changedText, doneVerb, previewOf, severalText, takenText, withoutTaken, type Preview } from "./studio/several.js";
import { Standing } from "./studio/standing.js";
import { Tabs } from "./studio/tabs.js";
import { actOn, type Target } from "./studio/target.js";
import { canReach, entryText, sanctionWord } from "./studio/telling.js";
import { Trail } from "./studio/trail.js";
import { connectionWord, countText, isolated, modeWords, numberText, reasonOf, viewersText, waitText } from "./words.js";

const WINDOW = 500;
const PEER_MS = 15_000;
const DRAW_PACE_MS = 100;
/** For so long servers take a token that has ended. */
const LEEWAY_MS = 5_500;
/** Acts that change what holds for somebody, or for the stream. */
const CHANGES_STANDING = new Set(["ban", "unban", "timeout", "shadow", "unshadow", "warn", "hold", "acknowledge", "slow", "mode", "shield", "terms", "rules", "undo"]);

class Studio {
  private readonly stream: Stream;
  private readonly moderator: Moderator;
  /** On all streams, for those who may. */
  private readonly everywhere: Moderator | undefined;
  private readonly announcer = new Announcer(part("announcer"));
  /** What was done, and what went wrong. */
  private readonly voice = new Announcer(part("said"));
  private readonly acting: Acting;
  private readonly known = new Known((act) => this.trail.of(act) ?? this.all_trail?.of(act));
  private readonly trail: Trail;
  private readonly all_trail: Trail | undefined;
  private readonly standing: Standing;
  private readonly all_standing: Standing | undefined;
  private readonly marks: Marks;
  private readonly live: Live;
  private readonly queue: Queue;
  private readonly raid: Raid;
  private readonly person: Person;
  private readonly rules: Rules;
  private readonly audit: Audit;
  private readonly appeals: Appeals;
  private readonly reach: Reach;
  private readonly tabs: Tabs;
  private readonly comment_bar: ActBar<ActKey>;
  private readonly queue_bar: ActBar<ActKey>;
  private readonly raid_bar: ActBar<ActKey>;
  private readonly person_bar: ActBar<ActKey>;
  private readonly appeals_bar: ActBar<Key>;
  private readonly choices = loadDeskChoices();
  private read_seq = -1;
  private is_due = false;
  private drawn_at = 0;
  private was_told = false;
  /** So many waited of the raid that was told last; none: of the first that is told. */
  private told_raid: number | undefined;
  private waited = 0;
  private is_asking = false;
  private is_lost = false;
  private peer_timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly pass: Pass) {
    const { stream: name, token, self } = pass;
    const failed = (error: unknown): void => this.failed(error);
    const undo = (act: string, words: string, where: Where): void => void this.acting.undo(act, words, where);
    this.moderator = new Moderator({ stream: name, token });
    this.everywhere = pass.is_everywhere ? new Moderator({ token }) : undefined;
    this.stream = new Stream({ stream: name, token, window: WINDOW, tail: 200, keep_removed: "all" });
    this.acting = new Acting(
      { here: this.moderator, everywhere: this.everywhere ?? this.moderator },
      { told: part("told"), text: part("told-text"), undo: part("told-undo"), rest: part("live"), voice: this.voice },
      (acted, what, { words, where }) => {
        const is_followed = where === "everywhere" || acted.seq !== undefined;
        if (is_followed && what !== "undo") void this.reach.follow({ act: acted.act, words, where, at: Date.now() });
        if (what === "undo" || this.raid.raids.length > 0) this.raid.pokeAtOnce();
        if (where === "everywhere") return this.changedEverywhere();
        this.trail.poke();
      },
    );
    this.trail = new Trail(this.moderator, (fresh, is_first) => this.grew(fresh, is_first), failed);
    this.all_trail = this.everywhere && new Trail(this.everywhere, (fresh, is_first) => !is_first && this.grewEverywhere(fresh), failed);
    this.standing = new Standing(this.moderator, () => this.drawStanding(), failed);
    this.all_standing = this.everywhere && new Standing(this.everywhere, () => this.drawStanding(), failed);
    this.marks = new Marks(this.moderator, () => this.soon(), failed);
    this.live = new Live(
      { box: part("live"), lines: part("lines"), jump: part<HTMLButtonElement>("jump"), empty: part("empty") },
      this.stream,
      this.trail,
      this.standing,
      this.marks,
      (line) => this.choseLine(line),
    );
    this.queue = new Queue({
      parts: {
        panel: part("panel-queue"),
        box: part("queue"),
        empty: part("queue-empty"),
        head: part("queue-head"),
        all: part<HTMLInputElement>("queue-all"),
        words: part("queue-words"),
        none: part<HTMLButtonElement>("queue-none"),
        pages: part("queue-pages"),
        page: part("queue-page"),
        earlier: part<HTMLButtonElement>("queue-earlier"),
        later: part<HTMLButtonElement>("queue-later"),
      },
      moderator: this.moderator,
      self,
      met: (user, id) => this.known.meetAt(user, [id]),
      chosen: () => this.drawQueueBar(),
      lost: () => this.acting.tell("What you looked at waits no more."),
      changed: () => {
        this.drawQueueBar();
        this.person.drawClaims();
        this.audit.draw(); // it may know more names
        this.lookForRaid();
      },
      said: (text) => this.voice.now(text),
      failed,
    });
    this.raid = new Raid({
      panel: part("panel-raid"),
      box: part("raid"),
      empty: part("raid-empty"),
      moderator: this.moderator,
      chosen: (group) => this.raid_bar.show(group !== undefined),
      changed: () => this.drawRaids(),
      failed,
    });
    this.person = new Person({
      panel: part("panel-person"),
      box: part("person"),
      moderator: this.moderator,
      can_everywhere: pass.is_everywhere,
      undo,
      act: (what, is_asked, comment) => void this.onWritten(what, is_asked, comment),
      takenBy: (id) => this.queue.takenBy(id),
      lookAt: (id) => this.queue.lookAt(id),
      failed,
    });
    this.rules = new Rules({
      box: part("panel-rules"),
      stream: name,
      can_everywhere: pass.is_everywhere,
      act: (act, words, where) => this.acting.do(act, words, where),
      setRules: async (rules) => {
        await this.moderator.setRules(rules).catch(failed);
        await this.standing.refresh();
      },
      texts: () => this.stream.lines.flatMap((line) => (line.kind === "comment" ? line.comment.text : [])),
      scoped: () => this.opened(this.tabs.shown),
      clear: () => void this.clear(),
    });
    this.audit = new Audit({
      box: part("panel-audit"),
      stream: name,
      trail: this.trail,
      all_trail: this.all_trail,
      names: this.known,
      undo,
      follow: (reaching) => void this.reach.follow(reaching).then((is_known) => is_known || this.acting.tell("How far that came is not known any more.")),
      failed,
    });
    this.appeals = new Appeals({
      panel: part("panel-appeals"),
      box: part("appeals"),
      empty: part("appeals-empty"),
      decided: part("appeals-decided"),
      moderator: this.moderator,
      everywhere: this.everywhere,
      known: this.known,
      chosen: () => this.drawAppealsBar(),
      changed: () => this.drawAppealsBar(),
      failed,
    });
    this.reach = new Reach(
      { strip: part("reach"), rows: part("reach-rows"), more: part("reach-more"), away: part("reach-away"), rest: part("live") },
      { here: this.moderator, everywhere: this.everywhere ?? this.moderator },
    );
    this.comment_bar = new ActBar({ element: part("acts"), list: part("live"), keys: commentKeys, can_ask: true, act: (act, is_asked) => void this.onLine(act, is_asked) });
    this.queue_bar = new ActBar({ element: part("queue-acts"), list: part("queue"), keys: queueKeys, can_ask: true, act: (act, is_asked) => void this.onHeld(act, is_asked) });
    this.raid_bar = new ActBar({ element: part("raid-acts"), list: part("raid"), keys: groupKeys, act: (act) => void this.onGroup(act) });
    this.person_bar = new ActBar({ element: part("person-acts"), list: part("panel-person"), keys: personKeys, can_ask: true, act: (act, is_asked) => void this.onPerson(act, is_asked) });
    this.appeals_bar = new ActBar({ element: part("appeals-acts"), list: part("appeals"), keys: appealKeys, act: (act) => void this.onAppeal(act) });
    this.tabs = new Tabs(part("tabs"), part("desk"), (panel) => this.opened(panel));
  }

  start(): void {
    const { stream } = this;
    stream.onChange(() => this.soon());
    stream.onNews((news) => this.heard(news));
    document.addEventListener("keydown", (event) => this.onKey(event));
    this.announcer.is_on = this.choices.speaks;
    buildHelp({ choices: this.choices, changed: () => this.chose(), signOut: () => signOut() });
    part("queue-raid-look").addEventListener("click", () => this.tabs.go("raid"));
    document.title = `${stream.name} · Studio`;
    setText(part("title"), stream.name);
    for (const id of ["title", "desk", "help-open"]) part(id).hidden = false;
    this.tabs.show("live");
    this.trail.start();
    this.all_trail?.start();
    this.queue.start();
    this.raid.start();
    void this.standing.refresh();
    void this.appeals.refresh();
    this.endWithToken();
    this.draw();
    part("live").focus();
  }

  /** What somebody has set in the help is so again when they come back. */
  private chose(): void {
    this.announcer.is_on = this.choices.speaks;
    saveDeskChoices(this.choices);
  }

  /** Without a token the stream is read on as by anybody: it is for the audit to say that it has ended. */
  private endWithToken(): void {
    const left_ms = (tokenEnds(this.pass.token) ?? Infinity) + LEEWAY_MS - Date.now();
    if (left_ms < 2 ** 31) setTimeout(() => this.trail.poke(), Math.max(0, left_ms));
  }

  // -- what comes --

  private heard(news: News): void {
    if (news.type === "retract" && news.act !== undefined) this.trail.place(news.seq, news.act);
    if (news.type === "held" || news.type === "approved" || news.type === "rejected") this.heardOfWaiting();
    else if (news.type === "notice") this.heardOf(news);
    else if (news.type === "marked") this.marks.hear(news);
    else if (!this.is_told && news.type !== "removed") this.trail.poke();
  }

  private heardOfWaiting(): void {
    this.queue.poke();
    if (this.tabs.shown === "person") this.person.poke();
  }

  private heardOf(notice: ActNotice | ManyNotice): void {
    if ("many" in notice) {
      void this.marks.refresh();
      this.queue.poke();
      return this.trail.poke();
    }
    if (notice.all !== true) return this.trail.hear(notice);
    if (this.all_trail !== undefined) return this.all_trail.hear(notice);
    this.queue.poke();
    void this.standing.refresh();
  }

  /** Acts are told as they are done, but to who polls. */
  private get is_told(): boolean {
    const { phase, transport } = this.stream.status;
    return phase === "live" && transport !== "poll";
  }

  /** Somebody acted: we, another moderator, a rule. */
  private grew(fresh: readonly AuditEntry[], is_first: boolean): void {
    if (!is_first && fresh.some(({ do: what }) => CHANGES_STANDING.has(what))) void this.standing.refresh();
    if (!is_first && this.person.shown !== undefined && this.tabs.shown === "person") this.person.refresh();
    if (!is_first && fresh.some(({ do: what }) => what === "appeal" || what === "decide")) void this.appeals.refresh();
    this.queue.poke();
    this.audit.draw();
    this.soon();
    if (is_first) return;
    if (fresh.some(({ kind }) => kind === "user")) this.raid.poke();
    const others = this.byOthers(fresh);
    this.followReach(others, "here");
    const newest = others.at(-1);
    if (newest !== undefined) this.tellPeer(`${entryText(newest, this.known)}.`);
  }

  private byOthers(fresh: readonly AuditEntry[]): readonly AuditEntry[] {
    return fresh.filter(({ by, kind }) => kind === "user" && by !== this.pass.self);
  }

  private followReach(entries: readonly AuditEntry[], where: Where): void {
    for (const entry of entries) {
      const { act, at } = entry;
      if (act !== null && canReach(entry, where)) void this.reach.follow({ act, words: entryText(entry, this.known), where, at });
    }
  }

  /** Somebody acted on all streams. */
  private grewEverywhere(fresh: readonly AuditEntry[]): void {
    this.followReach(this.byOthers(fresh), "everywhere");
    this.queue.poke();
    void this.standing.refresh();
    if (this.tabs.shown === "rules") void this.all_standing?.refresh();
    if (this.person.shown !== undefined && this.tabs.shown === "person") this.person.refresh();
    this.audit.draw();
  }

  private changedEverywhere(): void {
    this.all_trail?.poke();
    this.queue.poke();
    void this.all_standing?.refresh();
  }

  /** What another moderator did a moment ago; what we did is told elsewhere, and stays. */
  private tellPeer(text: string): void {
    const peers = part("peers");
    peers.hidden = false;
    setText(peers, text);
    this.voice.now(text);
    clearTimeout(this.peer_timer);
    this.peer_timer = setTimeout(() => (peers.hidden = true), PEER_MS);
  }

  private failed(error: unknown): void {
    if (error instanceof Problem && error.is_about_token) return this.signedOut(whyOf(error));
    // What this server does not serve is not there; a network that fails is told by the connection.
    if (error instanceof Problem && (error.status === 404 || error.status === 0)) return;
    this.acting.fail(`${wordsOf(error)}.`);
  }

  private signedOut(why: string): void {
    this.stream.close();
    signOut(why);
  }

  // -- drawing --

  /** Many changes, one frame; and of a stream that runs no more frames than somebody can read. */
  private soon(): void {
    if (this.is_due) return;
    this.is_due = true;
    const rest_ms = Math.max(0, this.drawn_at + DRAW_PACE_MS - performance.now());
    setTimeout(() => requestAnimationFrame(() => {
      this.is_due = false;
      this.drawn_at = performance.now();
      this.draw();
    }), rest_ms);
  }

  private draw(): void {
    this.known.read(this.stream.lines);
    this.live.draw();
    this.drawHeader();
    this.drawTold();
    this.drawLineBar();
    this.announce();
  }

  /** What was not told while nothing could be is asked for. */
  private drawTold(): void {
    if (this.is_told && !this.was_told) void this.marks.refresh();
    this.was_told = this.is_told;
    this.trail.told(this.is_told);
    this.all_trail?.told(this.is_told);
    this.queue.told(this.is_told);
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
    this.drawLoss();
    this.drawInForce();
  }

  /** A stream that stands still looks like one in which nobody writes: it is said. */
  private drawLoss(): void {
    const { phase, is_offline, problem } = this.stream.status;
    this.is_lost = phase !== "live" && (this.is_lost || is_offline || phase === "waiting" || phase === "stopped");
    const notice = part("notice");
    notice.hidden = !this.is_lost;
    if (!this.is_lost) return setText(notice, "");
    const why = problem === undefined ? "The connection was lost" : reasonOf(problem);
    const words = phase === "stopped" ? `${why}.` : `${why}. What is shown here is from before; it goes on when the connection is back.`;
    if (notice.textContent !== words) this.voice.now(words);
    setText(notice, words);
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
    this.drawRules();
    this.drawPersonBar();
    this.soon();
  }

  private drawRules(): void {
    const standing = this.rules.where === "everywhere" ? this.all_standing : this.standing;
    this.rules.draw(standing?.house ?? {});
  }

  private drawLineBar(): void {
    const { chosen } = this.live;
    this.live.list.steady(() => this.drawActsOn(chosen));
  }

  private drawActsOn(chosen: Shown | undefined): void {
    this.comment_bar.show(chosen !== undefined);
    part("live").classList.toggle("has-chosen", chosen !== undefined);
    if (chosen === undefined) return;
    const is_pinned = this.stream.facts.pins.some(({ seq }) => seq === chosen.seq);
    const is_removed = chosen.kind === "removed";
    this.comment_bar.name("pin", is_pinned ? "Unpin" : "Pin");
    this.comment_bar.can("restore", is_removed);
    for (const what of ["delete", "pin", "hold"] as const) this.comment_bar.can(what, !is_removed);
    this.offerLifting(this.comment_bar, userOf(chosen));
  }

  /** What is in force for somebody can be lifted. */
  private offerLifting(bar: ActBar<ActKey>, user: User): void {
    for (const what of liftings) bar.can(what, this.placeOf(what, user) !== undefined);
  }

  private placeOf(what: Lifting, user: User): Where | undefined {
    return placeOf(what, this.standing.of(user.id), this.everywhere !== undefined);
  }

  private drawRaids(): void {
    const { raids } = this.raid;
    const [most] = [...raids].sort((a, b) => b.waiting - a.waiting);
    const waiting = most?.waiting ?? 0;
    this.tabs.count("raid", raids.length);
    this.drawGathering(most);
    const is_told = this.told_raid !== undefined && waiting < 2 * Math.max(this.told_raid, MANY);
    if (raids.length > 0 && !is_told && this.tabs.shown !== "raid") {
      const wait = waiting === 0 ? "" : `: ${numberText(waiting)} of them wait in the queue`;
      this.tellPeer(`${countText(raids.length, "group", "groups")} of similar comments in the raid panel${wait}.`);
    }
    if (!is_told || raids.length === 0) this.told_raid = raids.length === 0 ? undefined : waiting;
  }

  /** A raid that gathers in the queue is said above it. */
  private drawGathering(raid: SimilarGroup | undefined): void {
    const is_raid = raid !== undefined && raid.waiting >= MANY;
    part("queue-raid").hidden = !is_raid;
    part("queue-hint").hidden = is_raid;
    if (is_raid) setText(part("queue-raid-words"), `${numberText(raid.waiting)} of these are ${raid.why === "text" ? "alike" : "by new accounts"}.`);
  }

  /** Where much more waits than a moment ago there may be a raid. */
  private lookForRaid(): void {
    const { count } = this.queue;
    if (Math.abs(count - this.waited) < MANY) return;
    this.waited = count;
    this.raid.poke();
  }

  private drawQueueBar(): void {
    const { chosen, picked } = this.queue;
    this.queue_bar.show(chosen !== undefined || picked.length > 0);
    this.tabs.count("queue", this.queue.count);
    part("queue-acts").ariaLabel = picked.length > 0 ? `Decide on the ${picked.length} chosen comments` : "Decide on the chosen comment";
    const is_free = chosen !== undefined && this.queue.takenBy(chosen.id) === undefined;
    for (const { do: what, to } of queueKeys) this.queue_bar.can(what, picked.length > 0 ? what !== "warn" : is_free || to === "user");
  }

  private drawAppealsBar(): void {
    const { chosen, count } = this.appeals;
    this.appeals_bar.show(chosen !== undefined);
    this.tabs.count("appeals", count);
    for (const { do: what } of appealKeys) this.appeals_bar.can(what, what === "export" || chosen?.state === "open");
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
    if (is_first) return;
    for (const { user, text } of fresh) this.announcer.comment(nameOf(user), text);
    if (this.tabs.shown === "person" && fresh.some(({ user }) => user.id === this.person.shown?.id)) this.person.poke();
  }

  // -- choosing --

  private choseLine(line: Shown | undefined): void {
    this.drawLineBar();
    if (line !== undefined && this.tabs.shown === "person") this.lookAt(userOf(line));
  }

  private opened(panel: Panel | "live"): void {
    this.raid.open(panel === "raid");
    this.audit.open(panel === "audit");
    this.appeals.open(panel === "appeals");
    this.standing.watch(panel === "rules" && this.rules.where === "here");
    this.all_standing?.watch(panel === "rules" && this.rules.where === "everywhere");
    if (panel === "rules") this.drawRules();
    if (panel !== "queue") this.queue.leave();
    const { chosen } = this.live;
    if (panel === "person" && chosen !== undefined) this.lookAt(userOf(chosen));
  }

  /** `id`: where the focus goes in what they wrote. */
  private lookAt(user: User, id?: string): void {
    void this.person.show(user, id);
    this.drawPersonBar();
  }

  private drawPersonBar(): void {
    const { shown } = this.person;
    this.person_bar.show(shown !== undefined);
    if (shown !== undefined) this.offerLifting(this.person_bar, shown);
  }

  private showPerson(): void {
    const user = this.focusedUser();
    if (user === undefined) return;
    const held = this.queue.list.has_focus ? this.queue.chosen?.id : undefined;
    // Beside the stream the keys stay in the stream; what was in its place is not there any more.
    if (this.tabs.is_wide && this.live.list.has_focus) this.tabs.show("person");
    else this.tabs.go("person");
    this.lookAt(user, held);
  }

  private focusedUser(): User | undefined {
    if (this.queue.list.has_focus) return this.queue.chosen?.user;
    const appeal = this.appeals.chosen;
    if (this.appeals.list.has_focus) return appeal && { id: appeal.user, name: this.known.user(appeal.user) };
    const { chosen } = this.live;
    return chosen === undefined ? undefined : userOf(chosen);
  }

  // -- acting --

  private async onLine(what: ActKey, is_asked: boolean): Promise<void> {
    const { chosen } = this.live;
    if (chosen === undefined) return this.acting.tell("Choose a comment first, by j and k.");
    const user = userOf(chosen);
    const is_pinned = this.stream.facts.pins.some(({ seq }) => seq === chosen.seq);
    const other = what.do === "pin" && is_pinned ? "unpin" : what.do;
    const is_removed = chosen.kind === "removed";
    if (what.to === "comment" && is_removed !== (other === "restore")) return this.acting.tell(is_removed ? "It is removed already." : "It is not removed.");
    const id = chosen.kind === "comment" ? chosen.comment.id : chosen.id;
    await this.onTarget({ ...what, do: other }, is_asked, { seq: chosen.seq, id, user });
  }

  private async onHeld(what: ActKey, is_asked: boolean): Promise<void> {
    const { chosen, picked } = this.queue;
    if (picked.length > 0) return this.onPicked(what, picked);
    if (chosen === undefined) return;
    const { id, user } = chosen;
    const taken = this.queue.takenBy(id);
    if (taken !== undefined && what.to === "comment") return this.acting.tell(`${taken} looks at this one.`);
    await this.onTarget(what, is_asked, { id, user });
  }

  /** Does it; what waits no more by it leaves the queue as ours. */
  private async enact(act: Act, whom: Whom, where?: Where): Promise<boolean> {
    const ids = this.decidedBy(act);
    this.queue.deciding = new Set(ids);
    const looks = ids.length > 0 ? this.queue.claimsOf(ids).catch(() => undefined) : undefined;
    const is_done = await this.acting.do(act, whom, where);
    await looks; // who looks at what by now: the next is one that nobody looks at
    if (is_done && ids.length > 0) this.queue.drop(ids);
    if (!is_done) this.queue.deciding = new Set();
    return is_done;
  }

  private decidedBy(act: Act): readonly string[] {
    if (act.do === "clear") return this.queue.idsOf();
    if (act.do === "purge") return this.queue.idsOf("users" in act ? act.users : [act.user]);
    if (act.do !== "approve" && act.do !== "reject" && act.do !== "delete") return [];
    return "ids" in act ? act.ids : "id" in act ? [act.id] : [];
  }

  /** All that are picked, on whichever page: what becomes of them meanwhile is told before it is done. */
  private async onPicked(what: ActKey, picked: readonly HeldComment[]): Promise<void> {
    if (what.do === "warn") return this.acting.tell("A warning is for one person: choose one comment.");
    await this.onSeveral(what, this.ofPicked(what, picked), async () => this.ofPicked(what, await this.queue.look()));
  }

  private ofPicked(what: ActKey, picked: readonly HeldComment[]): Preview {
    const taken = this.queue.takenOf(picked.map(({ id }) => id));
    return withoutTaken(what, { ids: picked.map(({ id }) => id), users: [...new Set(picked.map(({ user }) => user.id))], comments: picked, taken });
  }

  private async onPerson(what: ActKey, is_asked: boolean): Promise<void> {
    const user = this.person.shown;
    if (user === undefined) return;
    await this.onTarget(what, is_asked, { id: "", user });
    this.person.refresh();
  }

  /** On something that somebody wrote, in their history. */
  private async onWritten(what: ActKey, is_asked: boolean, comment = this.person.at): Promise<void> {
    const why = this.person.whyNot(what, comment);
    if (comment === undefined || why !== undefined) return this.acting.tell(why ?? "");
    await this.onTarget(what, is_asked, comment);
    this.person.refresh();
  }

  private async onTarget(what: ActKey, is_asked: boolean, target: Target): Promise<boolean> {
    const name = isolated(nameOf(target.user));
    const whole: Partial<Record<ActKey["do"], string>> = { purge: `all comments of ${name}`, hold: `what ${name} writes` };
    const whom = what.to === "comment" ? `${name}'s comment` : (whole[what.do] ?? name);
    const verb = what.do === "unpin" ? "Unpin" : what.label;
    const lifting = liftingOf(what.do);
    const place = lifting && this.placeOf(lifting, target.user);
    if (lifting !== undefined && place === undefined) {
      this.acting.tell(`${name} is not ${sanctionWord(liftedBy(lifting))} here.`);
      return false;
    }
    const stream = what.everywhere === true && this.everywhere !== undefined ? this.stream.name : undefined;
    const answer = is_asked ? await ask({ title: `${verb} ${whom}`, done: verb, seconds: what.seconds, needs_text: what.needs_text, stream }) : {};
    const act = answer === undefined ? undefined : actOn(what, target, answer);
    if (act === undefined) return false;
    const time = act.do === "timeout" ? ` for ${waitText(act.seconds)}` : "";
    return this.enact(act, whom + time, place ?? answer?.where);
  }

  /** Everything that was written up to now; by accident nobody types a stream's name. */
  private async clear(): Promise<void> {
    const { name } = this.stream;
    const { nodes } = previewOfClear(this.moderator, this.queue.count);
    const answer = await ask({ title: `Clear ${name}?`, done: "Clear the stream", preview: nodes, typed: name });
    if (answer === undefined) return;
    await this.enact({ do: "clear", ...(answer.reason === undefined ? {} : { reason: answer.reason }) }, "");
  }

  private async onAppeal(what: Key): Promise<void> {
    const appeal = this.appeals.chosen;
    if (appeal === undefined) return;
    const whose = `${isolated(this.known.user(appeal.user))}'s appeal`;
    try {
      if (what.do === "export") return handOver(`statement-${appeal.id}.json`, await this.moderator.statement(appeal.id));
      if (appeal.state !== "open" || (what.do !== "granted" && what.do !== "rejected")) return;
      const verb = what.do === "granted" ? "Grant" : "Reject";
      const preview = this.appeals.previewOf(appeal);
      const answer = await ask({ title: `${verb} ${whose}?`, done: verb, needs_reason: true, preview });
      if (answer?.reason === undefined) return;
      await this.moderator.decide(appeal.id, what.do, answer.reason);
      this.acting.tell(what.do === "granted" ? `Granted ${whose}: the act is undone.` : `Rejected ${whose}: the act stands.`);
      this.trail.poke();
      await this.appeals.refresh();
    } catch (error) {
      this.failed(error);
    }
  }

  private async onGroup(what: ActKey): Promise<void> {
    const group = this.raid.chosen;
    if (group === undefined) return;
    await this.onSeveral(what, withoutTaken(what, { ...group, taken: this.queue.takenOf(group.ids) }));
    await this.raid.refresh();
  }

  /** One act on many, after a look at what it would be: `look` asks again for what that is now. */
  private async onSeveral(what: ActKey, first: Preview, look?: () => Promise<Preview>): Promise<void> {
    if (this.is_asking) return;
    if (first.ids.length === 0) return this.acting.tell(takenText(first.taken));
    this.is_asking = true;
    let several = first;
    const question = (): Question => {
      const whom = severalText(what, several);
      return { title: `${doneVerb(what)} ${whom}?`, done: `${doneVerb(what)} ${whom}`, seconds: what.seconds, preview: previewOf(what, several) };
    };
    const refine = look && (async () => {
      several = await look();
      return question();
    });
    const answer = await ask(question(), refine).finally(() => (this.is_asking = false));
    const doing = answer && actOnSeveral(what, several, answer);
    if (doing === undefined) return;
    const time = doing.do === "timeout" ? ` for ${waitText(doing.seconds)}` : "";
    const is_done = await this.enact(doing, (changed) => changedText(what, several, changed) + time);
    if (is_done && what.to === "comment") await this.tellTaken([...several.ids, ...several.taken.keys()]);
  }

  /** Which of them the act has passed over. */
  private async tellTaken(ids: readonly string[]): Promise<void> {
    const taken = await this.queue.claimsOf(ids).then(takenText, () => "");
    if (taken !== "") this.acting.add(taken);
  }

  // -- keys --

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (isWriting(event.target) || document.querySelector("dialog[open]") !== null) return;
    if (event.key === "Escape") return this.is_at_queue && this.queue.picked.length > 0 ? this.queue.unpick() : this.live.follow();
    if (event.key === "?") return openHelp(event);
    if (!this.choices.single_keys) return;
    // A key that is held down goes on through a list, and acts once.
    if (event.repeat) return;
    if (this.actByKey(event) || this.goByKey(event)) event.preventDefault();
  }

  private get is_at_queue(): boolean {
    return part("panel-queue").contains(document.activeElement);
  }

  private actByKey(event: KeyboardEvent): boolean {
    const { raid, live, appeals } = this;
    if (this.is_at_queue) return this.found(actOf(queueKeys, event), (act, is_asked) => this.onHeld(act, is_asked));
    if (raid.list.has_focus || this.raid_bar.has_focus) return this.found(actOf(groupKeys, event), (act) => this.onGroup(act));
    if (appeals.list.has_focus || this.appeals_bar.has_focus) return this.found(actOf(appealKeys, event), (act) => this.onAppeal(act));
    if (part("panel-person").contains(document.activeElement)) {
      return this.found(actOf(writtenKeys, event), (act, is_asked) => this.onWritten(act, is_asked)) || this.found(actOf(personKeys, event), (act, is_asked) => this.onPerson(act, is_asked));
    }
    if (!live.list.has_focus && !this.comment_bar.has_focus && document.activeElement !== document.body) return false;
    return this.found(actOf(commentKeys, event), (act, is_asked) => this.onLine(act, is_asked));
  }

  private found<K extends Key>(found: ReturnType<typeof actOf<K>>, act: (what: K, is_asked: boolean) => Promise<void>): boolean {
    if (found !== undefined) void act(found.act, found.ask);
    return found !== undefined;
  }

  private goByKey({ key, target }: KeyboardEvent): boolean {
    const panel = panels[Number(key) - 1];
    const in_list = target instanceof HTMLElement && target.matches("[role=listbox]");
    if (key === "u") void this.acting.undoLast();
    else if (key === "v" || (key === "Enter" && in_list)) this.showPerson();
    else if (key === "l") this.toLive();
    else if (key === "c") void this.clear();
    else if (key === "j" || key === "k") this.stepFromAfar(key === "j" ? 1 : -1);
    else if (key === "!") void this.acting.do({ do: "shield", value: true }, "up");
    else if (panel !== undefined) this.tabs.go(panel);
    else return false;
    return true;
  }

  /** From outside of any list into the one that is in sight. */
  private stepFromAfar(by: 1 | -1): void {
    const { tabs, queue, raid, appeals, live } = this;
    const beside = { queue, raid, appeals, live, person: live, rules: live, audit: live }[tabs.shown].list;
    const list = beside.focus() ? beside : live.list;
    if (list.focus()) list.move(by);
  }

  private toLive(): void {
    if (this.tabs.is_wide) this.queue.leave();
    else this.tabs.show("live");
    part("live").focus({ preventScroll: true });
  }
}

const userOf = (line: Shown): User => (line.kind === "comment" ? line.comment.user : line.user);

showTheme(loadChoices());
void signIn().then((pass) => new Studio(pass).start());
