# SPDX-License-Identifier: Apache-2.0
"""A server that hooks call: answers as the test says, and keeps what it was asked."""
import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from http1 import DEADLINE_S

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Classifier:
    """`answer(message)` says (status, headers, body bytes); it runs on a thread of the call's own."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []  # (headers, message), in the order they came
        self.news = threading.Condition()
        self.released = threading.Event()  # for answers that never come

    def __enter__(self):
        classifier = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                verify(self.headers, body)
                message = json.loads(body)
                with classifier.news:
                    classifier.asked.append((dict(self.headers), message))
                    classifier.news.notify_all()
                status, headers, answer = classifier.answer(message)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args):
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # the server hung up on an answer that came too late

        self.http = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.http.server_port}/hook"

    def wait_for(self, condition, deadline_s=DEADLINE_S):
        """Until condition(asked) is true."""
        with self.news:
            assert self.news.wait_for(lambda: condition(self.asked), timeout=deadline_s), self.asked


def verify(headers, body):
    """As Standard Webhooks says."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == "v1," + mac


def says(verdict, **more):
    """An answer of that verdict to whatever is asked."""
    return lambda message: (200, {}, json.dumps({"verdict": verdict, **more}).encode())
