# SPDX-License-Identifier: Apache-2.0
"""Judges a whole run: what posters were answered, what viewers saw, and the log that is left.

check() returns sentences, one a broken promise; an empty list is a run in which P1 to P5 held. check_moderation() does
the same for P6 to P8, check_first() for P10.
"""
import hashlib
import json
import unicodedata
from dataclasses import dataclass, field


REFUSING = {"ban", "timeout", "warn"}  # acts that refuse posts of those they are aimed at
SETTING = {"mode", "rules", "shield", "slow", "terms"}  # acts that refuse or hold posts by what those are
ACTS = {"retract", "restore", "pin", "unpin", "settings", "stream"}
ECHOES = 500  # comments back that rule `unique` is held to: the server remembers 1,024
REDACTED = {"restore", "pin"}  # events that hold comments: what the log has of them may be less by now


@dataclass
class Answer:
    """A comment whose poster got 200 or 201."""

    cid: str
    seq: int
    id: str
    text: str
    begun: float  # when its first try was sent
    ended: float  # when the answer had come
    again: bool = False  # it said that the comment was there already


@dataclass
class View:
    """All one viewer was sent, over all its connections, in order."""

    name: str
    messages: list = field(default_factory=list)
    user: str = ""  # who it was authenticated as
    begun: list = field(default_factory=list)  # of each message: when its connection was asked for; may be empty
    came: list = field(default_factory=list)  # of each message: when it was read; may be empty


@dataclass
class Deed:
    """An act that was answered."""

    act: str
    do: str
    seq: int  # of its event; 0: none
    ended: float  # when the answer had come
    user: str = ""  # it is aimed at
    lifted: float = float("inf")  # when somebody began to lift it, or it may have ended by itself
    shows: bool = False  # lifting it shows again what it hid
    rules: tuple = ()  # names of RULES: what it sets to refuse or hold
    hides: tuple = ()  # the same: what it sets to shadow
    seconds: int = 0  # of slow mode
    free: tuple = ()  # users whom `roles_only` and `account_age` let post
    asked: float = 0.0


def check(log, answers, views):
    return [*check_log(log), *check_answers(log, answers), *check_order(answers),
            *(fault for view in views for fault in check_view(log, view))]


def check_log(log):
    """Seqs grow, prev is the chain, times do not go back, ids and cids are there once."""
    last, last_at = 0, 0
    seen = {"id": set(), "cid": set()}
    for event in log:
        if event["seq"] <= last:
            yield f"log: seq {event['seq']} after {last}"
        if event["prev"] != last:
            yield f"log: prev of {event['seq']} is {event['prev']}, the event before it is {last}"
        if event.get("at", last_at) < last_at:  # `removed` has none
            yield f"log: at of {event['seq']} goes back"
        last, last_at = event["seq"], event.get("at", last_at)
        for name, values in seen.items():
            key = (event.get("user", {}).get("id"), event.get(name)) if name == "cid" else event.get(name)
            if event.get(name) is not None and key in values:
                yield f"log: {name} {event[name]} twice, again at {event['seq']}"
            values.add(key)


def check_answers(log, answers):
    """What was answered is in the log, once and as answered; the same cid was always answered the same."""
    by_cid, removed = {}, {event["seq"] for event in log if event["type"] == "removed"}
    for event in log:
        by_cid.setdefault(event.get("cid"), []).append(event)
    for answer in answers:
        found = by_cid.get(answer.cid, [])
        if not found and answer.seq in removed:
            continue
        if len(found) != 1:
            yield f"answered {answer.cid}: {len(found)} times in the log"
        elif (found[0]["seq"], found[0]["id"], found[0]["text"]) != (answer.seq, answer.id, answer.text):
            yield f"answered {answer.cid} as {answer.seq}, in the log as {found[0]['seq']}"


def check_order(answers):
    """P3: a post begun after another's answer has the larger seq."""
    ended = sorted(answers, key=lambda answer: answer.ended)
    at, highest = 0, None
    for answer in sorted(answers, key=lambda answer: answer.begun):
        while at < len(ended) and ended[at].ended < answer.begun:
            if highest is None or ended[at].seq > highest.seq:
                highest = ended[at]
            at += 1
        if highest is not None and answer.seq <= highest.seq:
            yield f"order: {answer.cid} ({answer.seq}) was begun after {highest.cid} ({highest.seq}) was answered"


def check_view(log, view):
    """Each event is the log's; after the client's rule (drop seq <= last) none is missing unless a gap said so."""
    by_seq = {event["seq"]: event for event in log}
    last, told, seen = None, 0, set()
    for message in view.messages:
        kind = message["type"]
        if kind in ("hello", "resync"):
            # A connection begins at the cursor it was asked for; the first of all anywhere.
            if last is None or kind == "resync":
                last = message["seq"]
            elif message["seq"] > last and told < message["seq"]:
                yield f"{view.name}: resumed at {message['seq']} though it stood at {last}"
        elif kind == "gap":
            told = max(told, message["to"])
        elif "prev" in message and not message.get("early"):
            yield from check_event(view, message, by_seq, last)
            if last is not None and message["seq"] <= last:
                continue
            if last is not None and message["prev"] > max(last, told):
                yield f"{view.name}: {message['seq']} follows {message['prev']}, which was never sent; it stood at {last}"
            last = message["seq"]
            seen.add(last)
    yield from check_end(log, view, last, told, seen)


def check_event(view, message, by_seq, last):
    original = by_seq.get(message["seq"])
    if original is not None and (original["type"] == "removed" or original["type"] in REDACTED):
        return  # by now: check_moderation() judges when it was shown
    if original is None:
        yield f"{view.name}: was shown {message['seq']}, which is not in the log (or no longer)"
    elif {**message, "prev": original["prev"]} != original:
        yield f"{view.name}: {message['seq']} is not what the log has"


def check_end(log, view, last, told, seen):
    """It saw everything from its first event to the log's last."""
    if not seen:
        yield f"{view.name}: saw nothing"
        return
    missed = [event["seq"] for event in log if event["seq"] > min(seen) and event["seq"] not in seen
              and event["seq"] > told]
    if missed:
        yield f"{view.name}: never saw {len(missed)} events, the first {missed[0]}, and was not told"


# ---- P6 to P8 ----

def check_moderation(log, views, shadowed=()):
    """`shadowed`: (seq, author) of comments that their authors alone may see."""
    authors = dict(shadowed).values()
    return [*(fault for view in views for fault in check_shown(view)),
            *(fault for view in views if view.user not in authors for fault in check_gaps(log, view)),
            *(fault for view in views for fault in check_told(log, view)),
            *(fault for view in views for fault in check_shadowed(view, dict(shadowed)))]


def shown_by(message):
    """(comment, seq of the act that shows it or 0) of every comment whose text is in it."""
    kind = message.get("type")
    if kind == "comment":
        yield message, 0
    elif kind == "restore":
        yield from ((comment, message["seq"]) for comment in message["comments"] if "text" in comment)
    elif kind == "pin" and "text" in message.get("comment", {}):
        yield message["comment"], message["seq"]
    elif kind == "hello":
        at = message.get("latest", message["seq"])  # pins are as of the newest, wherever the reader stands
        yield from ((comment, at) for comment in message.get("pins", []) if "text" in comment)
    elif kind == "digest":
        for event in message["events"]:
            yield from shown_by(event)


def acts_in(message):
    if message.get("type") in ("retract", "restore"):
        yield message
    elif message.get("type") == "digest":
        yield from (event for event in message["events"] if event["type"] in ("retract", "restore"))


def removes(retract, comment):
    if "seqs" in retract:
        return comment["seq"] in retract["seqs"]
    if comment["seq"] > retract["upto"]:
        return False
    return retract.get("all") is True or comment.get("user", {}).get("id") == retract.get("user_id")


def check_shown(view):
    """Removed is never shown after: of a comment and its acts the greatest seq wins, whenever the copies come."""
    retracts = []
    for message in view.messages:
        if message.get("type") == "removed" and set(message) - {"type", "stream", "seq", "prev"}:
            yield f"{view.name}: what stands for {message['seq']} says more than that"
        for comment, shown_at in shown_by(message):
            later = [retract["seq"] for retract in retracts if removes(retract, comment) and retract["seq"] > shown_at]
            if later:
                yield f"{view.name}: was shown {comment['seq']} again in {message['type']}, after its retract {later[0]}"
        retracts += [act for act in acts_in(message) if act["type"] == "retract"]


def check_gaps(log, view):
    """The three numbers add up to the log; removed are all that were when it came to `to`, and none that is not by now."""
    retracts = [event for event in log if event["type"] == "retract" and "user_id" not in event]
    for told in view.messages:
        if "removed" not in told or not log or log[0]["prev"] >= told["from"]:
            continue  # no numbers, or retention was there
        held = [event for event in log if told["from"] <= event["seq"] <= told["to"]]
        sent = {event["seq"] for event in told.get("events", ())}
        spared = [event for event in held if event["type"] == "removed" and event["seq"] not in sent]
        known = [event for event in spared
                 if any(act["seq"] <= told["to"] and removes(act, event) for act in retracts)]
        name = f"{view.name}: a {told['type']} of {told['from']} to {told['to']}"
        if told["carried"] + told["shed"] + told["removed"] != len(held):
            yield f"{name} tells of another number than {len(held)}"
        if not len(known) <= told["removed"] <= len(spared):
            yield f"{name} says that {told['removed']} are removed, of {len(known)} to {len(spared)}"


def check_told(log, view):
    """P7: of all it was shown, it was told what the log removes, as far as it got."""
    reached = max((message["seq"] for message in view.messages if "prev" in message and not message.get("early")),
                  default=0)
    told = {act["seq"] for message in view.messages for act in acts_in(message)}
    seen = {comment["seq"]: comment for message in view.messages for comment, _ in shown_by(message)}
    for retract in log:
        if retract["type"] != "retract" or retract["seq"] > reached or retract["seq"] in told:
            continue
        for comment in seen.values():
            if removes(retract, comment) and comment["seq"] < retract["seq"]:
                yield f"{view.name}: saw {comment['seq']} and was never told of its retract {retract['seq']}"
                break


def check_shadowed(view, shadowed):
    """P8: the author alone."""
    for message in view.messages:
        for comment, _ in shown_by(message):
            author = shadowed.get(comment["seq"])
            if author is not None and author != view.user:
                yield f"{view.name}: was shown {comment['seq']}, which {author} alone may see"


# ---- acts that were answered: P6, P7, P9, P16 ----

def check_deeds(log, views, deeds, answers, entries, history):
    """What moderators were answered, held against every transcript, every answer and the audit."""
    return [*(fault for view in views for fault in check_fence(log, view, deeds)),
            *(fault for view in views for fault in check_screen(view, history)),
            *check_sanctions(deeds, answers), *check_audit(entries, deeds)]


def check_fence(log, view, deeds):
    """P6: nothing that a connection begun after an act's answer was sent has the text of what it removed."""
    by_seq = {event["seq"]: event for event in log}
    retracts = [(deed.ended, by_seq[deed.seq]) for deed in deeds
                if by_seq.get(deed.seq, {}).get("type") == "retract"]
    for message, begun in zip(view.messages, view.begun):
        for comment, shown_at in shown_by(message) if message["type"] != "hello" else ():
            late = [retract["seq"] for ended, retract in retracts
                    if ended < begun and removes(retract, comment) and retract["seq"] > shown_at]
            if late:
                yield f"{view.name}: connected after the answer of {late[0]}, and was sent {comment['seq']}"


def check_screen(view, history):
    """P7, and that nothing visible is lost: for each comment the act with the greatest seq wins, and so the screen is."""
    visible = {comment["seq"] for comment in history}
    newest, shown, authors = {}, {}, {}
    for message in view.messages:
        events = message["events"] if message["type"] == "digest" else [message]
        for event in events:
            if event["type"] in ("comment", "removed"):
                note_author(authors, event)
                newest.setdefault(event["seq"], 0)
                if newest[event["seq"]] == 0:
                    shown[event["seq"]] = event["type"] == "comment" and not any(
                        removes(act, event) for act in acts_before(view, message))
            elif event["type"] == "restore":
                for comment in event["comments"]:
                    settle(newest, shown, comment["seq"], event["seq"], comment["type"] == "comment")
                    note_author(authors, comment)
            elif event["type"] == "retract":
                for seq, comment in authors.items():
                    if removes(event, comment):
                        settle(newest, shown, seq, event["seq"], False)
    for seq, is_shown in shown.items():
        if is_shown and seq not in visible:
            yield f"{view.name}: still shows {seq}, which is removed"
        elif not is_shown and seq in visible:
            yield f"{view.name}: had {seq}, which is visible, and does not show it"


def note_author(authors, comment):
    """What is `removed` does not say whose it was."""
    if "user" in comment or comment["seq"] not in authors:
        authors[comment["seq"]] = comment


def acts_before(view, message):
    """Retracts that came ahead of a comment, as early copies do."""
    for other in view.messages:
        if other is message:
            return
        yield from (act for act in acts_in(other) if act["type"] == "retract" and act["seq"] > message.get("seq", 0))


def settle(newest, shown, seq, act, is_shown):
    if act >= newest.get(seq, 0):
        newest[seq], shown[seq] = act, is_shown


def check_sanctions(deeds, answers):
    """P9: whom a sanction refuses, and what a setting refuses or holds, has nothing accepted and shown that was begun
    after its answer, until it is lifted, over restarts too."""
    for deed in deeds:
        under = [answer for answer in answers if is_under(answer, deed)] if deed.do in REFUSING | SETTING else ()
        for answer in under:
            if deed.do in REFUSING:
                yield f"{answer.cid} was taken in spite of {deed.do} {deed.act}"
                continue
            broken = [rule for rule in deed.rules if RULES[rule](Post(answer, deed, under))]
            if broken:
                yield f"{answer.cid} was taken in spite of {deed.do} {deed.act}: {', '.join(broken)}"


@dataclass
class Post:
    """An answer, among those that were given under the same deed."""

    answer: Answer
    deed: Deed
    under: list

    @property
    def author(self):
        return self.answer.cid.partition("-")[0]

    def before(self):
        """What its author was answered before it was begun."""
        return [other for other in self.under
                if other.ended < self.answer.begun and other.cid.startswith(f"{self.author}-")]


def is_emotes(text):
    return all(len(word) > 2 and word[0] == word[-1] == ":" for word in text.split())


def is_echo(post):
    """Its author said the same, not too long ago to be remembered, be it before a restart."""
    same = [other for other in post.before() if other.text == post.answer.text]
    return any(sum(other.begun < one.ended and one.begun < post.answer.ended for one in post.under) < ECHOES
               for other in same)


def is_too_soon(post):
    """However long either took on its way, so much time cannot have been between them."""
    return any(post.answer.ended - other.begun < post.deed.seconds for other in post.before())


def has_piled_marks(text):
    return any(unicodedata.combining(one) and unicodedata.combining(other) for one, other in zip(text, text[1:]))


def is_first(post):
    """Of somebody who posts once."""
    return post.author.startswith("new") and not post.answer.again


RULES = {
    "links_off": lambda post: "https://" in post.answer.text,
    "links_held": lambda post: "https://" in post.answer.text and not post.answer.again,  # or it was approved meanwhile
    "emote_only": lambda post: not is_emotes(post.answer.text),
    "roles_only": lambda post: post.author not in post.deed.free,
    "account_age": lambda post: post.author not in post.deed.free,
    "unique": is_echo,
    "terms": lambda post: "darn" in post.answer.text.split(),
    "caps": lambda post: post.answer.text.isupper(),
    "marks": lambda post: has_piled_marks(post.answer.text),
    "slow": is_too_soon,
    "hold_first": is_first,
    "hold_all": lambda post: not post.answer.again,
    "mods_first": lambda post: not post.answer.again,
}


def is_under(answer, deed):
    """It was begun and answered while the deed was in force, which aims at its author or at nobody."""
    is_theirs = deed.user == "" or answer.cid.startswith(f"{deed.user}-")
    return is_theirs and deed.ended < answer.begun and answer.ended < deed.lifted


def check_settings_end(periods, refusals):
    """P9: what a setting refuses is refused while it may be in force. `periods`: (code, asked, lifted)."""
    codes = {code for code, _, _ in periods}
    for user, code, begun, ended in refusals:
        if code in codes and not any(code == other and asked < ended and begun < lifted
                                     for other, asked, lifted in periods):
            yield f"{user} was refused as {code}, and nothing in force refused that"


# ---- P10 ----

def check_first(log, views, jams):
    """Acts are spared nobody and wait for nothing. `jams`: (seq of an act, seqs of comments that waited before it was asked)."""
    return [*(fault for view in views for fault in check_acts_carried(log, view)),
            *(f"an act ({act}) waited behind {seq}, which waited for the disk when it was asked"
              for act, waiting in jams for seq in waiting if seq < act)]


def check_acts_carried(log, view):
    """Whatever a reader was spared, of every lane: each act has come when it is told of something behind it."""
    acts = sorted(event["seq"] for event in log if event["type"] in ACTS)
    at, got = None, set()
    for message in view.messages:
        kind = message["type"]
        if kind == "resync" or (kind == "hello" and at is None):
            at = len([seq for seq in acts if seq <= message["seq"]])
            continue
        at = at or 0  # a poll says no hello
        got |= {event["seq"] for event in message.get("events", [message]) if event.get("type") in ACTS}
        told = message["to"] if kind == "digest" else message.get("seq", 0) if kind == "mark" or "prev" in message else 0
        if message.get("early") or kind == "hello":
            continue
        while at < len(acts) and acts[at] <= told:
            if acts[at] not in got:
                yield f"{view.name}: was told of {told}, and never of the act {acts[at]}"
            at += 1


def hides(deed, answer):
    """It was posted while the deed shadowed its author, or what it is."""
    is_what_it_hides = deed.do == "shadow" or any(RULES[rule](Post(answer, deed, [])) for rule in deed.hides)
    return is_what_it_hides and is_under(answer, deed)


def hidden_by(deeds, answers):
    """(seq, author) of comments that were posted under a shadow, and that nobody showed again; what a rule shadowed stays."""
    return [(answer.seq, answer.cid.partition("-")[0]) for deed in deeds if deed.hides or not deed.shows
            for answer in answers if hides(deed, answer)]


def was_hidden(deeds, answers):
    """Kinds of acts under which something was posted that they shadow, be it shown since."""
    return {deed.do for deed in deeds if any(hides(deed, answer) for answer in answers)}


def check_ends(timeouts, refusals):
    """P9: a timeout ends. `timeouts`: (user, asked, at the latest over); `refusals`: (user, code, begun, ended) of posts."""
    for user, code, begun, ended in refusals:
        if code == "muted" and not any(user == muted and asked < ended and begun < over for muted, asked, over in timeouts):
            yield f"{user} was refused as muted, and no timeout of theirs was in force"


def check_audit(entries, deeds):
    """P16: every act that was answered is there, once, and each entry names the one before."""
    before, acts = "0" * 64, []
    for n, entry in enumerate(entries, 1):
        rest = {name: value for name, value in entry.items() if name != "hash"}
        canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if entry["n"] != n or entry["prev_hash"] != before:
            yield f"audit: entry {entry['n']} does not follow the one before"
        if hashlib.sha256(canonical.encode()).hexdigest() != entry["hash"]:
            yield f"audit: entry {entry['n']} was changed"
        before = entry["hash"]
        acts.append(entry["act"])
    for deed in deeds:
        if acts.count(deed.act) != 1:
            yield f"audit: {deed.act} was answered, and is there {acts.count(deed.act)} times"
