# SPDX-License-Identifier: Apache-2.0
"""Posters that retry until they are answered and viewers that come back by cursor, each a thread, all recorded."""
import threading
import time

from checker import Answer, View, check
from http1 import Closed, Conn
from readers import READERS, Refused
from roar import eventually
from tokens import token

KINDS = ("sse", "ws", "poll")
END_S = 90  # of posters, then of viewers who catch up


class Crowd:
    def __init__(self, roar, stream, *, pause_s=0.0, ttl_s=3600, source=None):
        self.roar = roar
        self.pause_s = pause_s  # of a poster between two comments
        self.ttl_s = ttl_s  # of posters' tokens
        self.source = source  # the address they come from
        self.stream = stream
        self.answers = []
        self.faults = []
        self.news = threading.Condition()
        self.up = threading.Event()  # the server is said to run
        self.ending = threading.Event()  # posters stop
        self.over = threading.Event()  # viewers stop
        self.posters = []  # threads
        self.views = []

    def fill(self, posters, viewers):
        """The server runs; so many post and so many watch on each transport from now on."""
        self.up.set()
        for number in range(posters):
            self.post_by(f"p{number}")
        for kind in KINDS:
            for number in range(viewers):
                self.view_by(kind, number)
        return self

    def post_by(self, name):
        self.posters.append(self.begin(self.poster, name))

    def view_by(self, kind, name):
        view = View(f"{kind} {name}")
        self.views.append(view)
        self.begin(self.viewer, kind, view)

    def begin(self, work, *args):
        def run():
            try:
                work(*args)
            except Exception as error:  # told by the test, not lost in a thread
                self.faults.append(f"{work.__name__}{args}: {error!r}")

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    # ---- posters ----

    def poster(self, name):
        number, conn = 0, None
        while not self.ending.is_set():
            number += 1
            user, more, text = self.next_of(name, number)
            cid, bearer = f"{user}-{number}", token(user, ttl_s=self.ttl_s, **more)
            begun = time.monotonic()
            while not self.ending.is_set():
                try:
                    conn = conn or Conn(self.roar.address, self.source)
                    answer = conn.ask("POST", f"/v1/streams/{self.stream}/comments", token=bearer,
                                      body={"text": text, "cid": cid})
                except (OSError, Closed, ValueError):
                    conn = self.drop(conn)
                    continue
                if answer.status == 503:
                    continue
                self.take(answer, cid, text, begun)
                self.ending.wait(self.pause_s)
                break

    def next_of(self, name, number):
        """(user, claims of theirs, text) of a poster's next comment."""
        return name, {}, f"{name} says {number}"

    def take(self, answer, cid, text, begun):
        """Of a post that is not to be sent again."""
        assert answer.status in (200, 201), (answer.status, answer.body)
        self.note(answer.json(), cid, text, begun)

    def drop(self, conn):
        if conn is not None:
            conn.close()
        self.up.wait(0.5)
        return None

    def note(self, body, cid, text, begun):
        with self.news:
            self.answers.append(Answer(cid, body["seq"], body["id"], text, begun, time.monotonic(),
                                       again=body.get("duplicate", False)))
            self.news.notify_all()

    def wait_answers(self, count, deadline_s):
        with self.news:
            assert self.news.wait_for(lambda: len(self.answers) >= count, deadline_s), (
                f"{len(self.answers)} of {count} answers; {self.faults}")

    def wait_more(self, count):
        self.wait_answers(len(self.answers) + count, 60)

    # ---- viewers ----

    def viewer(self, kind, view):
        cursor = "0"
        more = {"wait": 1} if kind == "poll" else {}
        while not self.over.is_set():
            try:
                with READERS[kind](self.roar, self.stream, after=cursor, source=self.source, **more) as reader:
                    while not self.over.is_set():
                        message = reader.message()
                        view.messages.append(message)
                        cursor = reader.cursor
            except (OSError, Closed, Refused, ValueError):
                self.up.wait(0.5)

    def has_seen(self, seq):
        return all(any(message.get("seq") == seq for message in view.messages[-500:]) for view in self.views)

    # ---- the end ----

    def end(self):
        self.ending.set()
        self.over.set()

    def last_word(self, roar, *others):
        """Nobody posts any more, here or in the other crowds of the stream, but for one comment: its seq."""
        crowds = [self, *others]
        for crowd in crowds:
            crowd.ending.set()
        posters = [thread for crowd in crowds for thread in crowd.posters]
        eventually("posters to end", lambda: not any(thread.is_alive() for thread in posters), END_S)
        return roar.posted(self.stream, "the end", cid="the-end", as_token=token(ttl_s=self.ttl_s))["seq"]

    def finish(self, roar, *others):
        """Everybody sees the last word, nobody failed, and the checker finds nothing: the log."""
        crowds = [self, *others]
        last = self.last_word(roar, *others)
        eventually("everybody to have seen the end", lambda: all(crowd.has_seen(last) for crowd in crowds), END_S)
        log = roar.log(self.stream)
        for crowd in crowds:
            crowd.end()
        faults = [fault for crowd in crowds for fault in crowd.faults]
        assert faults == [], "\n".join(faults)
        found = check(log, [answer for crowd in crowds for answer in crowd.answers],
                      [view for crowd in crowds for view in crowd.views])
        assert found == [], "\n".join(found)
        return log
