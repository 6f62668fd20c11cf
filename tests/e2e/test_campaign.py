"""Random troubles on the way: every job ends, says the truth, and nothing is sent twice.

The long one: ``make campaign`` (CAMPAIGN_FAULTS=1000); CAMPAIGN_SEED repeats one.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.campaign import HOSTS, Campaign

FAULTS = int(os.environ.get("CAMPAIGN_FAULTS", "30"))
SEED = int(os.environ.get("CAMPAIGN_SEED", "1"))


@pytest.mark.timeout(60 + 12 * FAULTS)
def test_random_troubles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Campaign(tmp_path, SEED) as campaign:
        while sum(campaign.tally.happened.values()) < FAULTS and campaign.tally.runs < FAULTS:
            campaign.round()
            if FAULTS > 200:
                with capsys.disabled():
                    print(f"round {campaign.tally.runs}", flush=True)
    tally = campaign.tally
    report = "\n".join([f"seed {SEED}, {HOSTS} hosts", *tally.lines()])
    with capsys.disabled():
        print(f"\n{report}", flush=True)
    assert not tally.wrong, report
    assert sum(tally.happened.values()) >= FAULTS
    assert tally.statuses["changed"] > tally.statuses["unreachable"]
