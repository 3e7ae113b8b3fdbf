# SPDX-License-Identifier: Apache-2.0
"""Two servers that are asked the same in lockstep, and what one person is told by both, held against each other.

What differs by nature is evened out: ids and epochs by when they were first seen, times, and figures of the last
seconds. Seqs, prevs, acts, counts, lengths and headers have to be the same.
"""
import json
import re

from checker import View, acts_in, removes
from moderator import Moderator
from readers import Ws, open_reader
from tokens import token

ID = re.compile(r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b")
SOON = {"retry_after", "retry-after", "ratelimit-reset", "next_ms"}  # seconds from now: one may have gone by
WHENEVER = {"at", "created_at", "decided_at", "date", "etag"}  # there or not; etag is of what holds ids and times
FIGURES = {"rate_in", "rate_out", "why", "visible_ms", "fanout_success"}  # of the last seconds
PACED = {"presence", "goaway"}  # signals that come when it is time
SETTLING = ("", "/metrics", "/presence", "/explain", "/node", "/snapshot")  # they follow within a second
PAGES = ("/comments", "/comments?limit=3", "/comments?limit=500&tombstones=1", "/comments?after=0&limit=4",
         "/comments?before=20&limit=5", "/log?after=0&limit=500", "/log?after=9&limit=3", "/poll?after=0&wait=0",
         "/poll?tail=7&wait=0", "/appeals", "/moderation/held",
         "/moderation/users/x", "/comments?limit=0", "/comments?after=zzzz.3", "/log?after=100000")
SCREENS = ("sse", "ws", "gzip", "deflate", "poll")


class Twin:
    """One of the two, and all that `user` reads there."""

    def __init__(self, roar, stream, user):
        self.roar, self.stream, self.path, self.user = roar, stream, f"/v1/streams/{stream}", user
        self.token = token(user)
        self.moderator = Moderator(roar, stream)
        self.names = {}  # of ids, by when they were first seen
        self.answers = []  # bodies of comments that were taken, whoever wrote them
        self.acts = []  # of moderators, as they were answered
        self.begin()

    def begin(self):
        self.epoch = self.roar.get(self.path).json()["epoch"]
        self.readers = {kind: self.open(kind, after="0") for kind in SCREENS}
        self.desk = Ws(self.roar, token=self.token)

    def open(self, kind, after):
        more = {"wait": 0} if kind == "poll" else {}
        reader = open_reader(kind, self.roar, self.stream, after=after, token=self.token, **more)
        reader.view = View(kind, [reader.hello] if reader.hello else [], self.user)
        return reader

    def end(self):
        for reader in [*self.readers.values(), self.desk]:
            reader.close()

    def resume(self, kind):
        before = self.readers[kind]
        before.close()
        self.readers[kind] = self.open(kind, before.cursor if before.epoch else "0")

    def readers_open(self):
        viewers = self.roar.get(self.path + "/metrics", token=self.token).json()["viewers"]
        return viewers["sse"] + viewers["ws"]

    def restart(self, way):
        self.end()
        getattr(self.roar, way)()
        self.roar.start()
        self.desk = Ws(self.roar, token=self.token)
        for kind in self.readers:
            self.resume(kind)

    # ---- what is told, evened out ----

    def even(self, text):
        """The text with ids by their number and the epoch by a word, as long as they were."""
        text = ID.sub(lambda match: self.names.setdefault(match[0], f"id-{len(self.names):023}"), text)
        return text.replace(self.epoch, "epoch-" + "." * (len(self.epoch) - 6))

    def answer(self, answer):
        text = self.even(answer.body.decode())
        headers, body = dict(answer.headers), json.loads(text) if text else None
        assert len(headers) == len(answer.headers)
        if FIGURES & set(body or ()):
            del headers["content-length"]
        return {"status": answer.status, "headers": headers, "body": body}

    def ask(self, method, what, **more):
        return self.answer(self.roar.ask(method, self.path + what, token=self.token, **more))

    def post(self, user, **body):
        """The answer to a comment."""
        answer = self.roar.ask("POST", self.path + "/comments", token=token(user), body=body)
        if answer.status == 201:
            self.answers.append(answer.json())
        return self.answer(answer)

    def burst(self, bodies):
        """The replies to comments that are all sent before the first is answered."""
        for ref, body in enumerate(bodies):
            self.desk.send({"do": "post", "ref": ref, "stream": self.stream, **body})
        replies = [self.desk.message() for _ in bodies]
        self.answers += [reply["data"] for reply in replies if reply.get("status") == 201]
        return [json.loads(self.even(json.dumps(reply))) for reply in sorted(replies, key=lambda reply: reply["ref"])]

    def act(self, do, **fields):
        """What a moderator is answered; its seq is not x's to see, and there is none of what nobody else saw."""
        answer = self.moderator.ask(do, **fields)
        if answer.status == 200 and not answer.json().get("duplicate"):
            self.acts.append(answer.json()["act"])
        return answer.status, answer.json().get("act"), answer.json().get("code")

    def undo(self, act):
        return self.roar.ask("POST", f"{self.path}/moderation/undo", token=self.moderator.token,
                             body={"act": act}).status

    def told(self, kind, last):
        """All a screen was sent up to the event `last`: events in order, then signals, which have none among events."""
        reader = self.readers[kind]
        found, reader.view.messages = reader.view.messages, []
        while reader.seq < last:
            found.append(reader.message())
        found = [json.loads(self.even(json.dumps({**message, "viewers": None}))) for message in found]
        acts = [act for message in found for act in acts_in(message) if act["type"] == "retract"]
        return [[at_last(message, acts, message["seq"]) for message in found if "prev" in message],
                [message for message in found if "prev" not in message and message["type"] not in PACED]]


def at_last(event, retracts, shown_at):
    """What is left of it, and of the comments it holds: whether their removal came before it was written is a matter of
    milliseconds."""
    if event["type"] == "comment" and any(removes(act, event) and act["seq"] > shown_at for act in retracts):
        kept = ("type", "stream", "seq", "prev", "viewers")
        return {**{name: event[name] for name in kept if name in event}, "type": "removed"}
    if event["type"] == "restore":
        return {**event, "comments": [at_last(comment, retracts, shown_at) for comment in event["comments"]]}
    if event["type"] == "pin":
        return {**event, "comment": at_last(event["comment"], retracts, shown_at)}
    return event


def differences(one, other, where=""):
    """Where two evened answers are not the same."""
    name = where.rpartition(".")[2]
    if name in WHENEVER | FIGURES:
        if type(one) is not type(other):
            yield f"{where}: {one!r} and {other!r}"
    elif isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *(key for key in other if key not in one)]:
            if key not in one or key not in other:
                yield f"{where}.{key}: only one has it: {one.get(key, other.get(key))!r}"
            else:
                yield from differences(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        if len(one) != len(other):
            yield f"{where}: {len(one)} of them, {len(other)} of the other: {one} {other}"
        for at, (mine, theirs) in enumerate(zip(one, other)):
            yield from differences(mine, theirs, f"{where}[{at}]")
    elif name in SOON:
        if abs(int(one) - int(other)) > 2:
            yield f"{where}: {one} and {other}"
    elif one != other:
        yield f"{where}: {one!r} and {other!r}"
