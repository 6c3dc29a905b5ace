from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from jettison.registry.registry import Rules
from jettison.server.registry import NEVER, rules
from jettison.settings import load

DAY = 24 * 3600 * 1_000_000


def rules_of(folder: Path, jettison: str = "", maintenance: str = "") -> Rules:
    """The rules of a configuration file with these in its sections."""
    path = folder / "config.yml"
    path.write_text(
        "version: 0.1\nhttp: {addr: ':1'}\n"
        f"storage: {{filesystem: , delete: {{enabled: true}}, maintenance: {{{maintenance}}}}}\n"
        f"jettison: {{{jettison}}}\n"
    )
    return rules(load(path, {}).settings)


def test_the_defaults_of_settings_are_those_of_the_rules(tmp_path: Path) -> None:
    """Who sets nothing gets what the rules have by themselves."""
    assert rules_of(tmp_path) == Rules()


def test_times_arrive_in_microseconds(tmp_path: Path) -> None:
    """Each length of time that can be set is the rule that it names."""
    made = rules_of(tmp_path, "deletions: {undo: 1s}, leases: {upload: 2s, touch: 3s}, sweep: {grace: 4s, uploads: 5s}")
    second = timedelta(seconds=1) // timedelta(microseconds=1)
    times = (made.undo, made.upload_lease, made.touch_lease, made.sweep_grace, made.upload_age)
    assert times == tuple(n * second for n in range(1, 6))


@pytest.mark.parametrize(
    ("sweep", "purging", "age"),
    [
        ("", "", 7 * DAY),
        ("", "age: 48h", 2 * DAY),
        ("", "enabled: false, age: 48h", NEVER),
        ("uploads: 72h", "age: 48h", 3 * DAY),
        ("uploads: 72h", "enabled: false", 3 * DAY),
    ],
)
def test_the_age_of_abandoned_uploads(tmp_path: Path, sweep: str, purging: str, age: int) -> None:
    """Our own setting comes before distribution's, which may also say that none is ever dropped."""
    made = rules_of(tmp_path, f"sweep: {{{sweep}}}", f"uploadpurging: {{{purging}}}")
    assert made.upload_age == age
