# SPDX-License-Identifier: Apache-2.0
"""What a moderator sets and takes back in a random run; what the checker is to hold posts to, and how they are refused."""
from dataclasses import dataclass, field

VIPS = ("p4",)  # whom roles_only lets post, and whose accounts are old
CAPS = {"percent": 70}


@dataclass
class Setting:
    name: str
    do: str  # the act; "rules": only what is put with the stream
    on: dict
    off: dict
    rules: tuple
    codes: tuple = ()
    seconds: int = 0
    house: dict = field(default_factory=dict)  # what is put with the stream before the act
    hides: tuple = ()


def mode_of(name, code="", **more):
    return Setting(name, "mode", {"value": [name], **more}, {"value": []}, (name,), (code,) if code else ())


def rules_of(name, rules, codes, house, hides=()):
    return Setting(name, "rules", {}, {}, rules, codes, house=house, hides=hides)


SETTINGS = (
    mode_of("links_off", "links_off"), mode_of("emote_only", "emote_only"), mode_of("roles_only", "wrong_role"),
    mode_of("unique", "not_unique"), mode_of("hold_first"), mode_of("hold_all"), mode_of("mods_first", seconds=1),
    Setting("slow", "slow", {"seconds": 1}, {"seconds": 0}, ("slow",), ("slow_mode",), 1),
    Setting("terms", "terms", {"value": [{"text": "darn", "match": "word", "action": "refuse"}]}, {"value": []}, ("terms",),
            ("blocked_term",)),
    Setting("shield", "shield", {"value": True}, {"value": False}, ("links_off", "unique", "hold_first", "slow", "caps"),
            ("links_off", "not_unique", "slow_mode", "bad_text"), 30),
    rules_of("caps", ("caps",), ("bad_text",), {"caps": CAPS, "marks": {"max": 1, "action": "shadow"}}, hides=("marks",)),
    rules_of("account_age", ("account_age",), ("wrong_role",),
             {"account_age": {"seconds": 3600}, "caps": {**CAPS, "dry_run": True}}),
    Setting("links_held", "mode", {"value": ["links_off"]}, {"value": []}, ("links_held",),
            house={"links": {"action": "hold"}}),
)
