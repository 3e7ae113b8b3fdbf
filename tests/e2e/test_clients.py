# SPDX-License-Identifier: Apache-2.0
"""Other people's clients, unmodified: Python's websockets and requests, and curl."""
import asyncio
import json
import subprocess

import requests
import websockets

from http1 import DEADLINE_S
from tokens import token


def test_python_websockets(server, stream):
    async def talk():
        url = f"ws://{server.address[0]}:{server.address[1]}/v1/streams/{stream}/ws"
        bearer = {"Authorization": f"Bearer {token('py')}"}
        async with websockets.connect(url, subprotocols=["roar.v1"], extra_headers=bearer) as ws:
            assert ws.subprotocol == "roar.v1"
            assert json.loads(await ws.recv())["type"] == "hello"
            await ws.send(json.dumps({"do": "post", "ref": 1, "text": "from websockets"}))
            found = {}
            while {"comment", "reply"} - found.keys():
                message = json.loads(await ws.recv())
                found[message["type"]] = message
            assert found["reply"]["data"]["comment"] == found["comment"]
            await (await ws.ping())

    asyncio.run(asyncio.wait_for(talk(), DEADLINE_S))


def test_python_requests(server, stream):
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token('py')}"
        base = f"{server.url}/v1/streams/{stream}"
        made = session.post(f"{base}/comments", json={"text": "from requests"}, timeout=DEADLINE_S)
        assert made.status_code == 201
        page = session.get(f"{base}/comments", timeout=DEADLINE_S)
        assert page.json()["comments"] == [made.json()["comment"]]
        with session.get(f"{base}/events", params={"after": 0}, stream=True, timeout=DEADLINE_S) as events:
            for line in events.iter_lines(chunk_size=1):
                if line.startswith(b"data:") and b'"comment"' in line:
                    assert json.loads(line[5:]) == made.json()["comment"]
                    break


def test_curl_follows(server, stream):
    process = subprocess.Popen(["curl", "-sSN", "--max-time", str(DEADLINE_S), f"{server.url}/v1/streams/{stream}/events"],
                               stdout=subprocess.PIPE, text=True)
    try:
        comment = None
        for line in process.stdout:
            if line.startswith("data:"):
                message = json.loads(line[5:])
                if message["type"] == "hello":
                    comment = server.posted(stream, "for curl")["comment"]
                elif message["type"] == "comment":
                    assert message == comment
                    break
        assert comment is not None
    finally:
        process.kill()
        process.communicate()


def test_curl_posts(server, stream):
    done = subprocess.run(
        ["curl", "-sS", "--max-time", str(DEADLINE_S), f"{server.url}/v1/streams/{stream}/comments",
         "-H", f"Authorization: Bearer {token('curl')}", "-H", "Content-Type: application/json",
         "-d", '{"text":"from curl"}'], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["comment"]["text"] == "from curl"
