# SPDX-License-Identifier: Apache-2.0
"""The real binary in a folder of its own, on a port of its own."""
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from http1 import DEADLINE_S, Closed, Conn, Response
from tokens import SECRET, token

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("ROAR_BIN", str(ROOT / "build/release/roar"))
UNLIMITED = {"limits.post_user": "0", "limits.post_address": "0", "limits.post_stream": "0", "limits.conns_user": "0"}

PATIENT = {"limits.post_wait_ms": "15000"}  # the disk is shared with all tests under way
COMPRESSED = {"delivery.compress_viewers": "1"}  # where readers offer it; few tests have a crowd


def environment(settings=None):
    """Ours without any ROAR_ setting of whoever runs the tests."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ROAR_")}
    named = {"ROAR_" + name.upper().replace(".", "_"): str(value) for name, value in (settings or {}).items()}
    return clean | named


def run(*args, settings=None, stdin=None, cwd=None, deadline_s=DEADLINE_S):
    """A command that ends by itself: (exit code, stdout, stderr)."""
    done = subprocess.run([BINARY, *map(str, args)], env=environment(settings), input=stdin, cwd=cwd,
                          capture_output=True, text=True, timeout=deadline_s, check=False)
    return done.returncode, done.stdout, done.stderr


class Throng:
    """Connections beyond what there are files for: each is answered or turned away, and how many were not let in is counted."""

    def __init__(self, roar, count):
        conns, self.turned_away, self.told, self.retries = [], 0, 0, set()
        for _ in range(count):
            self.let_in(lambda: conns.append(roar.conn()))
        for conn in conns:
            self.let_in(lambda: conn.ask("GET", "/healthz"))
        self.conns = conns

    def let_in(self, ask):
        """What it says; None: it was turned away, with the words for it or, had they no time, without."""
        try:
            answer = ask()
        except (Closed, OSError):
            self.turned_away += 1
            return None
        if isinstance(answer, Response) and answer.status == 503:
            assert answer.problem() == "full"
            self.turned_away += 1
            self.told += 1
            self.retries.add(int(answer.header("retry-after")))
            return None
        return answer

    def leave(self):
        for conn in self.conns:
            conn.close()


def eventually(what, condition, deadline_s=DEADLINE_S):
    """The first true value of condition(), for what sends no event of its own (a metric, a file)."""
    pause = threading.Event()
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        pause.wait(0.02)


class Roar:
    """`settings` are named as in the documentation ("limits.post_user") and go by the environment; `flags` as given."""

    def __init__(self, folder, settings=None, flags=("--dev",)):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        secret = self.folder / "secret"
        secret.write_text(SECRET + "\n", encoding="utf-8")
        secret.chmod(0o600)
        self.settings = {"secret_file": secret, **(settings or {})}
        self.flags = list(flags)
        self.environment = {}  # further variables, as they are
        self.address = None
        self.process = None
        self.logs = []
        self.news = threading.Condition()
        self.reader = None

    # ---- life ----

    def spawn(self, preexec_fn=None):
        listen = "127.0.0.1:0" if self.address is None else f"127.0.0.1:{self.address[1]}"
        self.process = subprocess.Popen(
            [BINARY, "serve", "--listen", listen, "--data", str(self.data), *self.flags], cwd=self.folder,
            env=environment(self.settings) | self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, preexec_fn=preexec_fn)
        self.reader = threading.Thread(target=self.read_logs, args=(self.process,), daemon=True)
        self.reader.start()

    def start(self, preexec_fn=None):
        before = len(self.logs)
        self.spawn(preexec_fn)
        line = self.wait_log("listening", since=before)
        host, _, port = line["addr"].rpartition(":")
        self.address = (host, int(port))
        return self

    def follow(self, *flags, settings=None):
        """Starts a process that takes over from this one; returns it as a Roar of its own, not waited for."""
        follower = Roar(self.folder, {**self.settings, **(settings or {})}, flags=(*self.flags, "--upgrade", *flags))
        follower.address = self.address
        follower.environment = dict(self.environment)
        follower.spawn()
        return follower

    def upgrade(self, *flags, settings=None):
        """The same, and waits until it serves."""
        follower = self.follow(*flags, settings=settings)
        follower.wait_log("listening")
        return follower

    def read_logs(self, process):
        for line in process.stderr:
            with self.news:
                self.logs.append(line.decode("utf-8", "replace").rstrip("\n"))
                self.news.notify_all()
        process.wait()  # it ends a little later than its stderr
        with self.news:
            self.news.notify_all()

    def wait_log(self, msg, since=0, deadline_s=DEADLINE_S):
        """The first log line with this msg."""
        def found():
            for line in self.logs[since:]:
                if f'"{msg}"' in line and json.loads(line).get("msg") == msg:
                    return json.loads(line)
            return None

        with self.news:
            self.news.wait_for(lambda: found() or self.process.poll() is not None, timeout=deadline_s)
            line = found()
        if line is None and self.process.poll() is not None:
            self.reader.join(DEADLINE_S)  # what it said last
            line = found()
        assert line is not None, f"no log line {msg!r} (exit {self.process.poll()}): " + "\n".join(self.logs[-20:])
        return line

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, deadline_s=DEADLINE_S):
        code = self.process.wait(timeout=deadline_s)
        self.reader.join(DEADLINE_S)
        return code

    def stop(self, deadline_s=DEADLINE_S + 20):
        """SIGTERM, then its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(deadline_s)

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.wait()

    def done(self):
        """Whatever happened, it is gone."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def is_alive(self):
        return self.process.poll() is None

    # ---- asking ----

    @property
    def url(self):
        return f"http://{self.address[0]}:{self.address[1]}"

    def conn(self, source=None):
        return Conn(self.address, source)

    def ask(self, method, target, *, source=None, **more):
        with self.conn(source) as conn:
            return conn.ask(method, target, **more)

    def get(self, target, **more):
        return self.ask("GET", target, **more)

    def post(self, stream, text="hello", *, user="ann", source=None, headers=(), as_token=None, **fields):
        return self.ask("POST", f"/v1/streams/{stream}/comments", token=as_token or token(user), source=source,
                        headers=headers, body={"text": text, **fields})

    def posted(self, stream, text="hello", **more):
        """The body of a comment's 201."""
        answer = self.post(stream, text, **more)
        assert answer.status == 201, (answer.status, answer.body)
        return answer.json()

    def log(self, stream):
        """Every event of the stream."""
        events, after = [], "0"
        while True:
            page = self.get(f"/v1/streams/{stream}/log?after={after}&limit=500").json()
            events += page["events"]
            after = page["cursor"]
            if not page["more"]:
                return events

    def history(self, stream):
        """Every comment of the stream, by pages from the newest back."""
        comments, before = [], None
        while True:
            bound = f"&before={before}" if before else ""
            page = self.get(f"/v1/streams/{stream}/comments?limit=500{bound}").json()
            comments = page["comments"] + comments
            before = page["before"]
            if not page["more"]:
                return comments

    def metrics(self):
        """{"name{labels}": value} of /metrics."""
        answer = self.get("/metrics")
        assert answer.status == 200, answer.body
        return parse_metrics(answer.body.decode())


def parse_metrics(text):
    values = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            assert name not in values, f"{name} twice"
            values[name] = float(value)
    return values
