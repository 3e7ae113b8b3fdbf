# SPDX-License-Identifier: Apache-2.0
"""Judges what moderators did to held comments, as checker.py does the rest: sentences, one a broken promise.

One moderator decides each, what one has claimed no other takes, what is approved is shown to whom it is for and not
before, what is rejected to nobody, and authors are told, alone.
"""
import json
from dataclasses import dataclass

from checker import Answer, shown_by

DECISIONS = {"approve", "reject"}
TOLD = {"held", "approved", "rejected"}  # signals to the author of what is held
TOLD_OF = {"approve": "approved", "reject": "rejected"}


@dataclass
class Claim:
    """A held comment that a moderator was answered to be theirs."""

    by: str
    id: str
    asked: float
    ended: float  # when the answer had come
    until: float  # it may be over: by itself, or as its moderator began to give it back or to decide


@dataclass
class Decision:
    """An approval or a rejection that was answered, and was no other's before."""

    act: str
    do: str
    by: str
    id: str
    author: str
    seq: int  # of an approval's event; 0: it has none
    asked: float
    ended: float
    was_placed: bool = False  # it was visible before it was held, and goes back there


def seq_of(entry):
    """The comment that an entry is about by its place; 0: none, or several."""
    name, _, seq = (entry.get("target") or "").partition(":")
    return int(seq) if name == "seq" and seq.isdigit() else 0


def check_decided_once(entries, seqs):
    """By the audit: whoever decides what was decided has to find it in the queue again. `seqs`: of comments that had a
    place when they were answered, by id."""
    by_act = {entry["act"]: entry for entry in entries}
    decided, placed = {}, {}  # the entry that did; where an approval put it
    for entry in entries:
        name = (entry.get("target") or "").partition(":")[2]
        if entry["do"] in DECISIONS:
            if name in decided:
                yield (f"{name}: {entry['by']} was let {entry['do']} what {decided[name]['by']} had decided "
                       f"({decided[name]['do']}, {decided[name]['act']})")
            decided[name], placed[name] = entry, seqs.get(name, entry.get("seq"))
            continue
        undone = by_act.get(name, {}) if entry["do"] == "undo" else {}
        held = seq_of(entry) if entry["do"] == "hold" else seq_of(undone) if undone.get("do") == "restore" else 0
        for back in [back for back, before in decided.items() if before is undone or (held and placed[back] == held)]:
            del decided[back]


def check_claims(claims, decisions, downs=()):
    """What one has claimed, nobody else takes or decides. `downs`: (begun, ended): a restart forgets claims."""
    for claim in claims:
        until = min([claim.until, *(begun for begun, ended in downs if ended > claim.asked)])
        for other in [*claims, *decisions]:
            if (other.id == claim.id and other.by != claim.by and claim.ended < other.asked and other.ended < until):
                took = getattr(other, "do", "claim")
                yield f"{claim.id}: {other.by} was let {took} what {claim.by} had claimed"


def users_of(entry):
    """Whom a purge names."""
    kind, _, rest = (entry.get("target") or "").partition(":")
    return {rest} if kind == "user" else set(json.loads(rest)) if kind == "users" else set()


class Queue:
    """The queue by the audit alone. `held`: who posted what was held, by id."""

    def __init__(self, entries, held):
        self.held = held
        self.by_act = {entry["act"]: entry for entry in entries}
        self.rejecters = {}  # acts in force that reject it, by id; the rule's entry says when it came
        self.approvals = {}
        self.placed = set()  # held again by their place, or dealt with by it
        for entry in entries:
            self.take(entry)

    def take(self, entry):
        kind, _, name = (entry.get("target") or "").partition(":")
        if kind == "id" and entry["do"] == "hold":
            self.rejecters.setdefault(name, set())
        elif kind == "id" and entry["do"] == "approve":
            self.approvals[name] = entry
        elif kind == "id" and entry["do"] == "reject" and name in self.rejecters:
            self.rejecters[name].add(entry["act"])
        elif entry["do"] == "undo":
            for acts in self.rejecters.values():
                acts.discard(name)
        elif entry["do"] in ("purge", "clear"):
            self.sweep(entry)
        seq = seq_of(entry)
        self.placed |= {name for name, approval in self.approvals.items() if seq and approval.get("seq") == seq}

    def sweep(self, entry):
        """All that came before it, but what has its place by now."""
        users = users_of(entry)
        for name in self.rejecters.keys() - self.approvals.keys():
            if entry["do"] == "clear" or self.held.get(name) in users:
                self.rejecters[name].add(entry["act"])


def check_waiting(entries, held, waiting):
    """What is held and was not decided waits, and nothing else does; what is held by its place is not looked at."""
    queue = Queue(entries, held)
    for name in held.keys() - queue.placed:
        if name not in queue.rejecters:
            yield f"{name}: is held, and the audit does not say by what"
            continue
        decided = sorted(queue.rejecters[name]) + [entry["act"] for entry in [queue.approvals.get(name)] if entry]
        if decided and name in waiting:
            yield f"{name}: was decided ({decided[-1]}), and waits"
        elif not decided and name not in waiting:
            yield f"{name}: nobody decided it, and it does not wait any more"


def check_held(views, held, entries, decisions=()):
    """What is held is shown to nobody before somebody begins to approve it. `held`: ids that were answered so."""
    approvals = {}
    for entry in entries:
        if entry["do"] == "approve":
            approvals.setdefault(entry["target"].removeprefix("id:"), []).append(entry["act"])
    asked = {decision.act: decision.asked for decision in decisions}
    for view in views:
        for place, message in enumerate(view.messages):
            for comment, _ in shown_by(message):
                name = comment.get("id")
                if name not in held:
                    continue
                if name not in approvals:
                    yield f"{view.name}: was shown {comment['seq']}, which is held"
                elif place < len(view.came) and view.came[place] < min(asked.get(act, 0) for act in approvals[name]):
                    yield f"{view.name}: was shown {comment['seq']} before anybody approved it"


def check_approved(log, views, decisions, hidden=(), shadowed=()):
    """What is approved stands where its approval says, and who reads there is sent it: everybody, of what is hidden
    ((seq, author), as of check_moderation()) its author alone. `shadowed`: users who are so now and then."""
    by_seq, authors = {event["seq"]: event for event in log}, dict(hidden)
    for decision in decisions:
        if decision.do != "approve" or decision.was_placed:
            continue
        event, name = by_seq.get(decision.seq), f"{decision.id}, approved as {decision.seq},"
        is_theirs = decision.seq in authors or decision.author in shadowed
        if decision.seq in authors and event is not None:
            yield f"{name} is in the log, and only {decision.author} may see it"
        elif not is_theirs and (event is None or (event["type"] != "removed" and event.get("id") != decision.id)):
            yield f"{name} is not there"
        for view in views:
            if (not is_theirs or view.user == decision.author) and not is_told_of(view, decision.seq):
                yield f"{view.name}: {name} never came"


def is_told_of(view, seq):
    """It was sent it, as it was or as removed, or was told of a hole; it began behind it, or did not come so far."""
    first = last = None
    for message in view.messages:
        if message["type"] in ("gap", "digest") and message["from"] <= seq <= message["to"]:
            return True
        if "prev" in message and not message.get("early"):
            if message["seq"] == seq:
                return True
            first, last = message["prev"] if first is None else first, message["seq"]
    return first is None or first >= seq or last < seq


def check_notices(views, decisions, answers):
    """Of what is held its author is told, and nobody else among `views`, whom none moderates; never the text."""
    for view in views:
        for message in view.messages:
            if message["type"] in TOLD and (not view.user or message["cid"].partition("-")[0] != view.user):
                yield f"{view.name}: was told that {message['cid']}, somebody else's, is {message['type']}"
            if message["type"] in TOLD and {"text", "comment", "reason", "by"} & set(message):
                yield f"{view.name}: was told more than it should of {message['cid']}, which is {message['type']}"
        for decision in decisions:
            if view.user == decision.author:
                yield from check_author_told(view, decision, answers)


def check_author_told(view, decision, answers):
    """Whose connection was there before, and had something that was posted later, was told in between."""
    later = {answer.seq for answer in answers if answer.begun > decision.ended}
    for begun in sorted(set(view.begun)):
        places = [place for place, at in enumerate(view.begun) if at == begun]
        messages = [view.messages[place] for place in places]
        was_there = view.came[places[0]] < decision.asked
        goes_on = any(message.get("seq") in later and "prev" in message for message in messages)
        is_told = any(message["type"] == TOLD_OF[decision.do] and message["id"] == decision.id for message in messages)
        is_behind = any(message["type"] == "gap" for message in messages)  # notices have no room for ever
        if was_there and goes_on and not is_told and not is_behind:
            yield f"{view.name}: was there, and was not told that {decision.id} is {TOLD_OF[decision.do]}"


def check_puts(entries, puts):
    """P16 of house rules, whose answers name no act: `puts`, those that were answered, are in the audit."""
    kept = [json.loads(entry["value"]) for entry in entries if entry["do"] == "rules"]
    for rules in puts:
        if kept.count(rules) < puts.count(rules):
            yield f"audit: {rules} were put {puts.count(rules)} times, and are there {kept.count(rules)} times"


def placed_by(decisions):
    """Approvals that gave a comment its place, as answers to its author: whom a shadow hides it hides with them."""
    return [Answer(f"{decision.author}-approved", decision.seq, decision.id, "", decision.asked, decision.ended)
            for decision in decisions if decision.do == "approve" and not decision.was_placed]
