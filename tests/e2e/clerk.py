# SPDX-License-Identifier: Apache-2.0
"""Who empties the queue of held comments at random, beside others who take the same ones."""
import random
import time

from checker import Deed
from http1 import Closed
from moderator import Moderator
from queue_checker import Claim, Decision

CLAIM_S = 60  # moderation.claim_s
DESK = 3  # of the oldest that wait, which all clerks look at
QUEUE = 400  # wait at the end at most: a page shows them all


class Clerk(Moderator):
    def __init__(self, crowd, name):
        super().__init__(crowd.roar, crowd.stream, user=name)
        self.crowd = crowd
        self.rng = random.Random(f"{crowd.seed} {name}")

    def work(self):
        while not self.crowd.ending.is_set():
            try:
                self.turn()
            except (OSError, Closed, ValueError):
                self.crowd.up.wait(0.5)
            self.crowd.ending.wait(self.rng.uniform(0, 0.05))

    def turn(self):
        """One of those that wait: claimed, and given back or left so, or decided, whoever has claimed it."""
        answer = self.ask_look("held", f"?limit={DESK}")
        waiting = answer.json()["comments"] if answer.status == 200 else []
        if not waiting:
            return
        comment = self.rng.choice(waiting)
        if self.rng.random() < 0.5 and not self.take(comment["id"]):
            return
        way = self.rng.random()
        if way < 0.2:
            self.give_back(comment["id"])
        elif way < 0.9:
            self.decide("approve" if self.rng.random() < 0.6 else "reject", comment)

    def take(self, comment):
        """Whether it is claimed."""
        asked = time.monotonic()
        answer = self.claim(comment)
        if answer.status == 200:
            self.crowd.claims.append(Claim(self.user, comment, asked, time.monotonic(), asked + CLAIM_S))
        elif answer.status == 409 and "retry_after" in answer.json():  # else it waits no more
            self.crowd.driven.add("claimed by another")
        return answer.status == 200

    def end_claims(self, comment):
        now = time.monotonic()
        for claim in self.crowd.claims:
            if claim.id == comment and claim.by == self.user:
                claim.until = min(claim.until, now)

    def give_back(self, comment):
        self.end_claims(comment)
        self.release(comment)

    def decide(self, do, comment):
        self.end_claims(comment["id"])
        asked = time.monotonic()
        answer = self.ask(do, id=comment["id"])
        ended = time.monotonic()
        if answer.status == 409:
            self.crowd.driven.add("decided by another")
        if answer.status != 200 or answer.json().get("duplicate"):
            return
        found = answer.json()
        self.crowd.deeds.append(Deed(found["act"], do, found.get("seq") or 0, ended, asked=asked))
        self.crowd.decisions.append(Decision(found["act"], do, self.user, comment["id"], comment["user"]["id"],
                                             found.get("seq") or 0, asked, ended, was_placed="seq" in comment))
        self.crowd.driven.add(do)

    def waiting(self):
        """All ids in the queue; nobody else decides any more."""
        while True:
            comments = self.look("held", "?limit=500")["comments"]
            if len(comments) <= QUEUE:
                return {comment["id"] for comment in comments}
            self.decide("approve", comments[0])
