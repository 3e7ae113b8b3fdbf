# SPDX-License-Identifier: Apache-2.0
"""All faults of the world at random: a minute here; `tools/soak 30` by hand. The seed repeats what befell whom."""
import os

import pytest

from network import in_own_network
from soak import CACHES_MAX_KIB, LONG_S, SETTINGS, Soak
from tokens import token

SECONDS = float(os.environ.get("ROAR_SOAK_S", "60"))
SEED = int(os.environ.get("ROAR_SEED", "1"))


@pytest.mark.slow
def test_a_soak_finds_nothing_and_stays_flat(faulty):
    """No lost, doubled or disordered comment for anybody; memory and files as after the first chapters, but for caches, within bounds."""
    def work(network):
        soak = Soak(faulty(SETTINGS), network, token(ttl_s=LONG_S), seconds=SECONDS, seed=SEED)
        soak.say(f"seed {SEED}, {SECONDS:.0f} s")
        soak.run()
        return soak.samples

    samples = in_own_network(work)
    warm = samples[: max(1, len(samples) // 4)]
    last = samples[-1]
    assert last.files <= max(sample.files for sample in warm) + 8, samples  # connections of polls end a little later
    assert last.held_kib <= max(sample.held_kib for sample in warm) + 1024, samples
    assert all(last.kinds[kind] <= most for kind, most in CACHES_MAX_KIB.items()), samples
    if last.uncounted_kib is not None:
        assert last.uncounted_kib <= max(sample.uncounted_kib for sample in warm) + 2048, samples
