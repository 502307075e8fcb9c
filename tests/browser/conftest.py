"""A person at a browser: headless Chromium, the application with a real worker, and Exact Online in a box."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from integrations.exact_online.simulator import Simulator
from tests.people import make_association
from tests.running import Processes, processes

CHROMIUM = shutil.which(os.environ.get("CHROMIUM", "chromium"))
PASSWORD = "a long enough password"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in here:
        item.add_marker(pytest.mark.browser)
        if CHROMIUM is None:
            if os.environ.get("REQUIRE_CHROMIUM"):
                raise pytest.UsageError(
                    "REQUIRE_CHROMIUM is set, and there is no Chromium: install it, or set CHROMIUM to its path."
                )
            item.add_marker(pytest.mark.skip(reason="no Chromium here"))


@pytest.fixture(scope="session")
def base_url() -> str:
    """Every story says where it goes; this also keeps out a fixture of a plugin that pytest no longer likes."""
    return ""


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    quiet = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
    return {"executable_path": CHROMIUM, "args": [*quiet, "--disable-sync", "--disable-gpu"]}


@pytest.fixture(scope="session", autouse=True)
def _django_beside_playwright() -> Iterator[None]:
    """Playwright's synchronous interface keeps an event loop in this thread, which Django takes for asynchronous code."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE") if before is None else os.environ.update(DJANGO_ALLOW_ASYNC_UNSAFE=before)


@pytest.fixture
def page(page: Page) -> Page:
    page.set_default_timeout(10_000)
    return page


@pytest.fixture
def exact_online(settings: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator(seed="demo") as simulator:
        settings.EXACT_ONLINE_BASE_URL = simulator.base_url
        yield simulator


@pytest.fixture
def site(transactional_db: None, live_server: LiveServer, settings: pytest.FixtureRequest, exact_online: Simulator) -> str:
    """The address of the application, which holds the demonstration's members and knows one treasurer."""
    from django.contrib.auth import get_user_model

    settings.PUBLIC_URL = live_server.url
    make_association()
    get_user_model().objects.create_superuser("treasurer", "treasurer@example.org", PASSWORD)
    return live_server.url


@pytest.fixture
def running(site: str, exact_online: Simulator) -> Iterator[Processes]:
    with processes(exact_online.base_url) as started:
        started.worker()
        yield started


@pytest.fixture
def watched(page: Page, site: str, exact_online: Simulator, settings: pytest.FixtureRequest) -> Iterator[Page]:
    """The page, on which nothing may be refused by the browser or asked of another host."""
    complaints: list[str] = []
    allowed = tuple(filter(None, (site, exact_online.base_url, settings.CONGRESSUS_BASE_URL, "data:")))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(allowed) else None)
    yield page
    assert complaints == []
