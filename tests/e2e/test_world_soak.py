# SPDX-License-Identifier: Apache-2.0
"""All faults of the world at random: a minute here; `tools/soak 30` by hand. The seed repeats what befell whom."""
import os

import pytest

from network import in_own_network
from soak import LONG_S, SETTINGS, Soak
from tokens import token

SECONDS = float(os.environ.get("ROAR_SOAK_S", "60"))
SEED = int(os.environ.get("ROAR_SEED", "1"))


@pytest.mark.slow
def test_a_soak_finds_nothing_and_stays_flat(faulty):
    """No lost, doubled or disordered comment for anybody; memory and files as after the first chapters."""
    def work(network):
        soak = Soak(faulty(SETTINGS), network, token(ttl_s=LONG_S), seconds=SECONDS, seed=SEED)
        soak.say(f"seed {SEED}, {SECONDS:.0f} s")
        soak.run()
        return soak.samples

    samples = in_own_network(work)
    warm = samples[: max(1, len(samples) // 4)]
    last = samples[-1]
    assert last.files <= max(sample.files for sample in warm) + 8, samples  # connections of polls end a little later
    assert last.kept_kib <= max(sample.kept_kib for sample in warm) * 1.1 + 4096, samples
    if last.anonymous_kib is not None:
        assert last.anonymous_kib <= max(sample.anonymous_kib for sample in warm) * 1.1 + 4096, samples
