"""What every test can use: servers, databases, engines; and what becomes of a test whose parts are missing."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support import parts
from tests.support.engine import DockerEngine
from tests.support.postgres import PostgresCluster
from tests.support.s3 import S3Engine
from tests.support.server import JettisonServer

# No test is timed: machines are busy, and the first text that is generated builds a table of all characters.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

NEEDS_OF_FIXTURES = {"engine": "docker", "postgres": "postgresql", "s3_engine": "s3"}

DATABASES = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgres", id="postgres", marks=pytest.mark.needs("postgresql")),
]


@pytest.fixture(scope="module")
def server() -> Iterator[JettisonServer]:
    """A registry on SQLite, shared by the tests of a file: each uses repositories of its own."""
    with JettisonServer() as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """A PostgreSQL cluster, one for each worker."""
    with PostgresCluster() as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres: PostgresCluster) -> Iterator[str]:
    """The URL of an empty PostgreSQL database, dropped after the test."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str | None:
    """Runs the test on each database: None is SQLite in the data folder, else an empty PostgreSQL database's URL."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerEngine]:
    """A docker engine, one for each worker."""
    with DockerEngine() as running:
        yield running


@pytest.fixture(scope="session")
def s3_engine() -> Iterator[S3Engine]:
    """An S3 engine, one for each worker."""
    with S3Engine() as running:
        yield running


# ---------------------------------------------------------------------------------------------- parts that are missing


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the fixtures they use, refuse unknown parts, and put the tests that need a part last."""
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in NEEDS_OF_FIXTURES:
                item.add_marker(pytest.mark.needs(NEEDS_OF_FIXTURES[fixture]))
        unknown = [name for name in _needs(item) if name not in parts.PARTS]
        if unknown:
            known = ", ".join(parts.PARTS)
            raise pytest.UsageError(f"{item.nodeid} needs {', '.join(unknown)}; tests/support/parts.py knows: {known}")
    items.sort(key=lambda item: bool(_needs(item)) or item.get_closest_marker("slow") is not None)


@pytest.hookimpl(tryfirst=True)  # before any fixture starts
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or with CI=true fail, a test whose parts are missing."""
    parts.require(item, *_needs(item))


def _needs(item: pytest.Item) -> list[str]:
    return [name for mark in item.iter_markers("needs") for name in mark.args]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI=true a test that was skipped has failed: nothing is left out in silence."""
    report = yield
    if parts.IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which CI=true forbids: {_reason(report.longrepr)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a file that skips itself as a whole."""
    report = yield
    if parts.IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped, which CI=true forbids: {_reason(report.longrepr)}"
    return report


def _reason(longrepr: object) -> str:
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the parts that were missing and how to get them, once each."""
    reports = [report for kind in ("skipped", "failed", "error") for report in terminalreporter.stats.get(kind, [])]
    properties = [pair for report in reports for pair in getattr(report, "user_properties", ())]
    missing = sorted({value for name, value in properties if name == parts.MISSING})
    if missing:
        terminalreporter.section("parts missing")
        for line in missing:
            terminalreporter.line(line)
