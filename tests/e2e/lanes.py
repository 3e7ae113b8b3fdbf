# SPDX-License-Identifier: Apache-2.0
"""What a lane makes of a log, in our own words (section 5), and whether a reader's account adds up."""
from readers import EVENTS, MOVING

WINDOW_MS = {"readable": 15000, "digest": 3000, "control": 15000}
PRIVILEGED = {"host", "moderator", "admin"}
LANES = ["full", "readable", "digest", "control"]
SPARSE = LANES[1:]


def is_act(event):
    return event["type"] not in ("comment", "removed")


def is_other(event):
    return not is_act(event) and not PRIVILEGED & set(event.get("user", {}).get("roles", []))


def carried(log, lane, per_s=10):
    """The seqs of a whole log that the lane's readers are sent."""
    seqs, ranks = set(), {}
    for event in log:
        if lane == "full" or is_act(event):
            seqs.add(event["seq"])
        elif lane == "control":
            continue
        elif not is_other(event):
            seqs.add(event["seq"])
        else:
            stretch, most = (1000, per_s) if lane == "readable" else (3000, 5)
            second = at_of(event) // stretch
            ranks[second] = ranks.get(second, 0) + 1
            if ranks[second] <= most:
                seqs.add(event["seq"])
    return seqs


def at_of(event):
    return event["at"]


def script(stream, log, lane, per_s=10):
    """All that a reader who was there from the beginning is told, once every window is over."""
    sent, told, waiting = carried(log, lane, per_s), [], []

    def counts():
        kept = [event for event in waiting if event["seq"] in sent]
        gone = [event for event in waiting if event["seq"] not in sent]
        removed = sum(event["type"] == "removed" for event in gone)
        return kept, {"stream": stream, "from": waiting[0]["prev"] + 1, "to": waiting[-1]["seq"],
                      "carried": len(kept), "shed": len(gone) - removed, "removed": removed}

    def gap():
        if waiting:
            told.append({"type": "gap", **counts()[1], "why": "lane"})
        waiting.clear()

    def settle():
        if waiting and lane == "digest":
            kept, numbers = counts()
            told.append({"type": "digest", **numbers, "events": kept})
        elif waiting:
            told.extend(({"type": "gap", **counts()[1], "why": "lane"},
                         {"type": "mark", "stream": stream, "seq": waiting[-1]["seq"]}))
        waiting.clear()

    for event in log:
        if lane == "full":
            told.append(event)
            continue
        if waiting and at_of(waiting[-1]) // WINDOW_MS[lane] != at_of(event) // WINDOW_MS[lane]:
            settle()
        if lane == "digest" or event["seq"] not in sent:
            waiting.append(event)
        else:
            gap()
            told.append(event)
    if lane != "full":
        settle()
    return told


def of_log(messages):
    """Without hello, presence, early copies."""
    return [message for message in messages
            if message["type"] in ("gap", *MOVING) or (message["type"] in EVENTS and not message.get("early"))]


def account(messages, log, last):
    """Goes through what came as a client does, from `last` on. Nothing is missing that was not told, no number is
    wrong. Returns where that leads."""
    def held(first, upto):
        return sum(first <= event["seq"] <= upto for event in log)

    for message in of_log(messages):
        kind = message["type"]
        if kind in ("gap", "digest"):
            first, upto = message["from"], message["to"]
            assert first <= last + 1 and upto > last, (message, last)
            assert message["carried"] + message["shed"] + message["removed"] == held(first, upto), message
            assert held(first, last) == 0, f"told twice: {message} behind {last}"
            if kind == "digest":
                assert len(message["events"]) == message["carried"]
            last = upto
        elif kind == "mark":
            assert message["seq"] == last, (message, last)
        else:
            assert message["prev"] <= last < message["seq"], (message, last)
            last = message["seq"]
    return last
