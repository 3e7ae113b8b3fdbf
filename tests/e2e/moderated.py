# SPDX-License-Identifier: Apache-2.0
"""A crowd of which some moderate: everything is done at random under a seed, and noted for the checkers."""
import itertools
import random
import time

from checker import Deed, View, was_hidden
from clerk import Clerk
from crowd import Crowd
from house_settings import SETTINGS, VIPS
from http1 import Closed
from moderator import Moderator
from readers import READERS, Refused
from roar import eventually
from tokens import token

POSTERS = 5  # nothing is for the last: somebody posts on
SHADOWED = ("p2", "p3")  # whom shadows are for: their screens are others than what everybody's log says
REFUSED = {"ban": ("p0",), "timeout": ("p1",), "warn": ("p0", "p1", "p2")}  # so that none stands in front of all others
SANCTIONED = {"banned", "muted", "must_acknowledge"}  # how who is in REFUSED is refused
DRIVEN = {setting.name for setting in SETTINGS} | {"approve", "reject", "claimed by another", "decided by another"}
TIMEOUT_S = 2
SLACK_S = 1.0  # of a clock that is not ours
END_S = 60
POSTS_UNDER = 40  # are decided under each setting: of every kind some
ACTS_MEANWHILE = 3  # are answered before a reader who stalls goes on
WAITING = 5  # comments for the disk, before an act is asked
NEWEST = 2**53 - 1  # of an audit: its pages are read downwards from there


class Moderated(Crowd):
    """A crowd whose posters take no for an answer, with moderators."""

    def __init__(self, roar, stream, seed):
        super().__init__(roar, stream, pause_s=0.01)
        self.seed = seed
        self.deeds = []
        self.timeouts = []  # (user, asked, at the latest over), answered or not
        self.refusals = []  # (user, code, begun, ended) of posts
        self.acknowledged = {}  # act: when its reader began to say so
        self.held = {}  # who posted what waits for a moderator, by id
        self.claims = []
        self.decisions = []
        self.periods = []  # (code, asked, lifted): so may posts be refused, by a setting
        self.driven = set()  # names of DRIVEN: settings that were in force for a while, what befell in the queue
        self.puts = []  # house rules that were answered
        self.downs = []  # (begun, ended): the server was not there
        self.jams = []  # (seq of an act, those of comments that waited before it was asked)

    def next_of(self, name, number):
        """Something of each kind that a rule looks at; newcomers post once."""
        if name == "newcomer":
            return f"new{number}", {}, f"new{number} says hello"
        texts = (f"{name} says {number}", f"{name} says see https://example.com/{number}", f":{name}: :wave{number}:",
                 f"{name} says the same again", f"{name} says darn {number}", f"{name} shouts aloud {number}".upper(),
                 f"{name} sa\u0301\u0302ys {number}" if name in SHADOWED else f"{name} says {number} again")
        return name, {"roles": ["vip"], "since": 1} if name in VIPS else {}, texts[number % len(texts)]

    def take(self, answer, cid, text, begun):
        user = cid.partition("-")[0]
        if answer.status in (200, 201) and answer.json()["state"] == "visible":
            self.note(answer.json(), cid, text, begun)
        elif answer.status in (200, 201) and answer.json()["state"] == "held":
            self.held[answer.json()["id"]] = user
        elif answer.status >= 400:
            self.refusals.append((user, answer.problem(), begun, time.monotonic()))
            if answer.problem() == "must_acknowledge" and len(self.refusals) % 5 == 0:  # they are refused for a while
                self.acknowledge(user, answer.json()["act"])

    def acknowledge(self, user, act):
        self.acknowledged.setdefault(act, time.monotonic())
        try:
            self.roar.ask("POST", f"/v1/streams/{self.stream}/acknowledge", token=token(user), body={"act": act})
        except (OSError, Closed):
            pass  # they are asked again

    # ---- viewers ----

    def watch(self, kind, *, lane=None, slow=False, user=""):
        view = View(f"{kind} {lane} {user}{' slow' if slow else ''}", user=user)
        self.views.append(view)
        self.begin(self.watcher, kind, view, lane, slow)

    def watcher(self, kind, view, lane, slow):
        rng = random.Random(f"{self.seed} {view.name}")
        cursor = "0"
        more = {"wait": 1} if kind == "poll" else {}
        if lane is not None:
            more["query"] = {"lane": lane}
        while not self.over.is_set():
            begun = time.monotonic()
            try:
                with READERS[kind](self.roar, self.stream, after=cursor,
                                   token=token(view.user) if view.user else None, **more) as reader:
                    until = begun + rng.uniform(0.5, 6)
                    while not self.over.is_set() and (self.ending.is_set() or time.monotonic() < until):
                        message = reader.message()
                        view.came.append(time.monotonic())
                        view.begun.append(begun)
                        view.messages.append(message)
                        cursor = reader.cursor
                        if slow and rng.random() < 0.01:
                            self.stall(view)
            except (OSError, Closed, Refused, ValueError):
                self.up.wait(0.5)

    def stall(self, view):
        """P10: it reads nothing until acts that were asked meanwhile are answered: they do not wait for it."""
        begun, end = time.monotonic(), time.monotonic() + END_S
        while not self.ending.wait(0.02) and sum(deed.asked > begun for deed in self.deeds[-50:]) < ACTS_MEANWHILE:
            if time.monotonic() > end:
                self.faults.append(f"{view.name} read nothing, and no acts were answered meanwhile")
                return

    def has_come_to(self, seq):
        return all(any(message.get("seq", 0) >= seq or message.get("to", 0) >= seq
                       for message in view.messages[-200:]) for view in self.views)

    # ---- moderators ----

    def moderate_by(self, name):
        self.posters.append(self.begin(self.moderator, name))

    def decide_by(self, name):
        self.posters.append(self.begin(Clerk(self, name).work))

    def moderator(self, name):
        rng = random.Random(f"{self.seed} {name}")
        moderator = Moderator(self.roar, self.stream, user=name)
        while not self.ending.is_set():
            try:
                self.act(rng, moderator)
            except (OSError, Closed, ValueError):
                self.up.wait(0.5)
            self.ending.wait(rng.uniform(0, 0.05))

    def act(self, rng, moderator):
        if len(self.answers) == 0:
            return
        do = rng.choices(("delete", "purge", "clear", "ban", "undo", "pin", "hold", "restore", "shadow", "unshadow", "timeout",
                          "warn"), (30, 4, 1, 4, 25, 4, 8, 8, 3, 2, 4, 4))[0]
        seq = rng.choice(self.answers[-200:]).seq
        if do in ("shadow", "unshadow") and moderator.user != "m0":
            do = "delete"  # what another lifts by its kind is one moderator's, who knows when
        if do == "undo":
            self.undo(rng, moderator)
        elif do in ("shadow", "unshadow"):
            self.shadow(do, rng.choice(SHADOWED), moderator)
        elif do in ("ban", "timeout", "warn"):
            self.sanction(do, rng.choice(REFUSED[do]), moderator)
        else:
            target = {"user": f"p{rng.randrange(POSTERS)}"} if do == "purge" else {} if do == "clear" else {"seq": seq}
            self.do(moderator, do, **target)

    def do(self, moderator, do, setting=None, **fields):
        """Notes the deed, if it was one."""
        begun = time.monotonic()
        answer = moderator.ask(do, **fields)
        if answer.status != 200 or answer.json().get("duplicate"):
            return
        found = answer.json()
        deed = Deed(found["act"], do, found.get("seq") or 0, time.monotonic(), user=fields.get("user", ""), asked=begun)
        if do == "timeout":
            deed.lifted = begun + fields["seconds"]
        self.note_deed(deed, setting)

    def note_deed(self, deed, setting=None):
        if setting is not None:
            deed.rules, deed.hides, deed.seconds, deed.free = setting.rules, setting.hides, setting.seconds, VIPS
            self.driven.add(setting.name)
        self.deeds.append(deed)

    def sanction(self, do, user, moderator):
        asked = time.monotonic()
        try:
            self.do(moderator, do, user=user, **({"seconds": TIMEOUT_S} if do == "timeout" else {}))
        finally:
            if do == "timeout":
                self.timeouts.append((user, asked, time.monotonic() + TIMEOUT_S + SLACK_S))

    def shadow(self, do, user, moderator):
        if do == "shadow":
            self.do(moderator, do, user=user)
        else:
            self.lift_by(lambda: moderator.ask(do, user=user), "shadow", user)

    def set_by(self, name):
        self.posters.append(self.begin(self.setter, name))

    def setter(self, name):
        """One setting after the other: nobody else sets any."""
        host = Moderator(self.roar, self.stream, user=name, role="host")
        for setting in itertools.cycle(SETTINGS):
            if self.ending.is_set():
                return
            self.have(host, setting)

    def have(self, host, setting):
        asked = time.monotonic()
        number = len(self.periods)
        self.periods += [(code, asked, float("inf")) for code in setting.codes]  # it may be in force from here on
        try:
            self.begin_setting(host, setting)
            self.wait_decided(POSTS_UNDER)
        except (OSError, Closed, ValueError):
            self.up.wait(0.5)
        self.end_setting(host, setting)
        if not self.ending.is_set():
            over = time.monotonic()
            self.periods[number:] = [(code, asked, over) for code in setting.codes]
        self.wait_decided(POSTS_UNDER // 4)

    def begin_setting(self, host, setting):
        if setting.house and not self.put(host, setting):
            return
        if setting.do != "rules":
            self.do(host, setting.do, setting, **setting.on)

    def put(self, host, setting):
        """House rules, alone or for the act that follows: then nobody undoes them by themselves."""
        asked = time.monotonic()
        if host.put_rules(setting.house).status not in (200, 201):
            return False
        deed = Deed("", "rules", 0, time.monotonic(), asked=asked)
        self.puts.append(setting.house)
        deed.act = self.newest_rules(host)
        if setting.do == "rules":
            self.note_deed(deed, setting)
        else:
            deed.lifted = asked
            self.note_deed(deed)
        return True

    @staticmethod
    def newest_rules(host):
        """The act of who sets them alone."""
        before = NEWEST
        while True:
            answer = host.ask_look("log", f"?before={before}&limit=100")
            if answer.status != 200:
                raise Closed("the audit is not there")
            page = answer.json()
            for entry in reversed(page["entries"]):
                if entry["do"] == "rules":
                    return entry["act"]
            before = page["before"]

    def end_setting(self, host, setting):
        """Until somebody answered that it is not in force any more; who ends all sees to it else."""
        while not self.ending.is_set():
            try:
                if self.lift_by(lambda: self.switch_off(host, setting), setting.do):
                    return
            except (OSError, Closed, ValueError):
                self.up.wait(0.5)

    @staticmethod
    def switch_off(host, setting):
        """Whether it is not in force any more."""
        is_off = setting.do == "rules" or host.ask(setting.do, **setting.off).status == 200
        return is_off and (not setting.house or host.put_rules({}).status in (200, 201))

    def undriven(self):
        """What did not befall yet, ways in which nothing was refused, and shadows over nothing."""
        codes = {code for setting in SETTINGS for code in setting.codes} | SANCTIONED
        return [*(DRIVEN - self.driven), *(codes - {code for _, code, _, _ in self.refusals}),
                *({"shadow", "rules"} - was_hidden(self.deeds, self.answers))]

    def wait_decided(self, count):
        """So many posts more are taken, held or refused."""
        def decided():
            return len(self.answers) + len(self.held) + len(self.refusals)

        enough = decided() + count
        while decided() < enough and not self.ending.wait(0.01):
            pass

    def jam(self):
        """P10: comments wait for the disk, then an act is asked; in the order of one connection."""
        number = len(self.jams)
        who = token("m8", roles=["moderator"])
        with READERS["ws"](self.roar, self.stream, token=who) as conn:
            first = conn.ask(do="post", stream=self.stream, text=f"jam {number}")["data"]
            self.roar.faults.off("hangs")
            self.roar.faults.on("stall")
            eventually("a batch to wait for the disk", self.roar.faults.hangs, END_S)
            for place in range(WAITING):
                conn.send({"ref": f"post{place}", "do": "post", "stream": self.stream, "text": f"jam {number}.{place}"})
            conn.ask(do="beat", stream=self.stream, state="watching")  # they were handed over
            conn.send({"ref": "act", "do": "act", "stream": self.stream, "act": {"do": "delete", "seq": first["seq"]}})
            conn.ask(do="beat", stream=self.stream, state="watching")
            self.roar.faults.off("stall")
            replies = {}
            while len(replies) < WAITING + 1:
                message = conn.message()
                if message["type"] == "reply":
                    replies[message["ref"]] = message["data"]
        act = replies.pop("act").get("seq")
        if act:  # else a clear had come before it
            self.jams.append((act, [reply["seq"] for reply in replies.values()]))

    def lift_by(self, ask, do, user=""):
        """From now on what was done before may be in force no more."""
        begun = time.monotonic()
        for deed in self.deeds:
            if deed.do == do and deed.user == user:
                deed.lifted = min(deed.lifted, begun)
        return ask()

    def calm(self, host):
        """Nobody posts or acts any more, words are taken, and nothing is to come of itself."""
        self.ending.set()
        eventually("all to end", lambda: not any(thread.is_alive() for thread in self.posters), END_S)
        for setting in SETTINGS:  # whatever was
            eventually(f"{setting.name} to be off", lambda setting=setting: self.switch_off(host, setting), END_S)
        Clerk(self, "q9").waiting()  # a page shows them all
        eventually("what is held for a time to be approved", lambda: not any(
            "due_at" in held for held in host.look("held", "?limit=500")["comments"]), END_S)

    def undo(self, rng, moderator):
        open_deeds = [deed for deed in self.deeds if deed.lifted == float("inf") and deed.do != "approve"
                      and (deed.do != "shadow" or rng.random() < 0.2)]
        if open_deeds:
            deed = rng.choice(open_deeds[-20:])
            deed.lifted, deed.shows = time.monotonic(), True
            self.roar.ask("POST", f"{moderator.path}/undo", token=moderator.token, body={"act": deed.act})
