from __future__ import annotations

from pathlib import Path

import pytest

from jettison.http.limits import Limits
from jettison.http.proxies import NONE, Proxies
from jettison.oci.errors import TooManyRequests
from jettison.registry.lockout import Lockout
from jettison.server.limits import limits, proxies
from jettison.server.registry import rules
from jettison.settings import Settings, load


def settings_of(folder: Path, jettison: str = "") -> Settings:
    """The settings of a configuration file with this in `jettison`."""
    path = folder / "config.yml"
    path.write_text(f"version: 0.1\nhttp: {{addr: ':1'}}\nstorage: filesystem\njettison: {{{jettison}}}\n")
    return load(path, {}).settings


def test_the_defaults_of_settings_are_those_of_the_edge(tmp_path: Path) -> None:
    """Who sets nothing gets what the edge has by itself."""
    settings = settings_of(tmp_path)
    assert limits(settings) == Limits()
    assert proxies(settings) is NONE
    assert rules(settings).lockout == Lockout()


def test_each_setting_arrives(tmp_path: Path) -> None:
    """In the unit in which it is used."""
    settings = settings_of(
        tmp_path,
        "proxies: [10.0.0.7, '2001:db8::/32', unix], audit: {keep: 48h}, limits: {idle: 5s, blob: 7, head: {size: 9},"
        " signins: {failures: 2, address: 3, wait: 4s, longest: 5s}}",
    )
    assert (limits(settings).idle, limits(settings).head) == (5.0, 9)
    assert proxies(settings) == Proxies.named(["10.0.0.7/32", "2001:db8::/32", "unix"])
    made = rules(settings)
    assert (made.blob_limit, made.audit_kept) == (7, 48 * 3600 * 1_000_000)
    assert made.lockout == Lockout(2, 3, 4_000_000, 5_000_000)


def test_a_body_may_be_waited_for_for_ever(tmp_path: Path) -> None:
    """Where that is 0."""
    assert limits(settings_of(tmp_path, "limits: {idle: 0}")).idle is None


@pytest.mark.parametrize(("requests", "burst"), [("rate: 2", 20), ("rate: 2, burst: 3", 3)])
def test_a_burst_is_ten_seconds_worth_unless_it_is_said(tmp_path: Path, requests: str, burst: int) -> None:
    """And without a rate there is no limit."""
    made = limits(settings_of(tmp_path, f"limits: {{requests: {{{requests}}}}}")).rates
    assert made is not None
    for _ in range(burst):
        made.check("ann")
    with pytest.raises(TooManyRequests):
        made.check("ann")
