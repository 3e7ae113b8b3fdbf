#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An example classifier for Roar's hooks, to begin one's own from. Python's standard library is all it needs.

  ROAR_HOOK_SECRET=whsec_... classifier.py [--port 9099] [--threshold 0.5]

POST /before is asked about each comment before it is published and answers {"verdict":"allow|hold|shadow|refuse"};
POST /after is told of each event and answers {"do":"delete"} where something is to be done. Its judgement is a toy:
how much of a text is shouting, and how often one word stands in it.

  roar serve ... --hooks-before-url http://127.0.0.1:9099/before --hooks-after-url http://127.0.0.1:9099/after \\
                 --hooks-secret-file hook.secret --hooks-allow-private
"""
import argparse
import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_BYTES_MAX = 256 * 1024
CLOCKS_APART_S = 300


def key_of(secret):
    if not secret.startswith("whsec_"):
        sys.exit("classifier: ROAR_HOOK_SECRET is whsec_ and base64, the line of hooks.secret_file")
    return base64.b64decode(secret.removeprefix("whsec_"), validate=True)


def is_genuine(key, headers, body):
    """Whether Roar has signed it, a short while ago."""
    stamp = headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > CLOCKS_APART_S:
        return False
    content = f"{headers.get('webhook-id', '')}.{stamp}.".encode() + body
    ours = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(ours, theirs) for theirs in headers.get("webhook-signature", "").split())


def unkindness(text):
    """From 0 to 1."""
    letters = [c for c in text if c.isalpha()]
    words = text.lower().split()
    shouting = sum(c.isupper() for c in letters) / len(letters) if len(letters) >= 8 else 0
    repeating = max(map(words.count, words)) / len(words) if len(words) >= 5 else 0
    return max(shouting, repeating)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        if length > BODY_BYTES_MAX:
            self.answer(413, {})
            return
        body = self.rfile.read(length)
        if not is_genuine(self.server.key, self.headers, body):
            self.answer(401, {})
            return
        data = json.loads(body)["data"]
        is_bad = unkindness(data.get("text", "")) >= self.server.threshold
        if self.path == "/before":
            self.answer(200, {"verdict": "hold" if is_bad else "allow", "rule": "shouting"})
        elif self.path == "/after":
            self.answer(200, {"do": "delete", "reason": "shouting"} if is_bad else {})
        else:
            self.answer(404, {})

    def answer(self, status, message):
        text = json.dumps(message).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, form, *args):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=9099)
    parser.add_argument("--threshold", type=float, default=0.5)
    args = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", args.port), Handler)
    server.key, server.threshold = key_of(os.environ.get("ROAR_HOOK_SECRET", "")), args.threshold
    print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
