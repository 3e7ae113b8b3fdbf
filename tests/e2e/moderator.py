# SPDX-License-Identifier: Apache-2.0
"""A moderator as a client: acts, undoes, looks things up."""
from urllib.parse import quote

from tokens import token


def code_of(answer):
    """(status, code) of a problem."""
    return answer.status, answer.problem()


class Moderator:
    """`stream` None acts on all streams."""

    def __init__(self, roar, stream, user="mod", role="moderator"):
        self.roar, self.stream, self.user = roar, stream, user
        self.token = token(user, roles=[role])
        self.path = "/v1/moderation" if stream is None else f"/v1/streams/{stream}/moderation"

    # ---- acts ----

    def ask(self, do, **fields):
        return self.roar.ask("POST", self.path, token=self.token, body={"do": do, **fields})

    def act(self, do, **fields):
        """The answer of an act that is in force."""
        answer = self.ask(do, **fields)
        assert answer.status == 200, (do, fields, answer.status, answer.body)
        return answer.json()

    def undo(self, act):
        answer = self.roar.ask("POST", f"{self.path}/undo", token=self.token, body={"act": act})
        assert answer.status == 200, (act, answer.status, answer.body)
        return answer.json()

    def put_rules(self, rules):
        """The answer to house rules that are put with the stream."""
        return self.roar.ask("PUT", f"/v1/streams/{self.stream}", token=self.token, body={"rules": rules})

    def refused(self, do, **fields):
        """(status, code) of an act that is not."""
        return code_of(self.ask(do, **fields))

    # ---- the queue ----

    def claim(self, comment):
        return self.roar.ask("POST", f"{self.path}/held/{comment}/claim", token=self.token, body={})

    def release(self, comment):
        return self.roar.ask("POST", f"{self.path}/held/{comment}/release", token=self.token, body={})

    # ---- looking ----

    def ask_look(self, what, query=""):
        return self.roar.get(f"{self.path}/{what}{query}", token=self.token)

    def look(self, what, query=""):
        answer = self.ask_look(what, query)
        assert answer.status == 200, (what, answer.status, answer.body)
        return answer.json()

    def user_of(self, user):
        return self.look(f"users/{quote(user, safe='')}")

    def entries(self):
        """The whole audit, by pages."""
        found, after = [], 0
        while True:
            page = self.look("log", f"?after={after}&limit=3")
            found += page["entries"]
            after = page["cursor"]
            if not page["more"]:
                return found
