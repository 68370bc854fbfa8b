"""A browser for a person who is signed in, and an eye on what its console says."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.pages.people import Someone, sign_in

Opening = Callable[..., Page]


@pytest.fixture
def look(browser: Browser, live: SimpleNamespace, transactional_db: None) -> Iterator[Opening]:
    """`look(someone, "/settings/")` opens a page in a fresh context; None is a stranger.

    The context's complaints, CSP violations among them, end up in `page.context.complaints`, and
    a test in which there are any fails unless it empties that list.
    """
    contexts: list[BrowserContext] = []

    def open_page(someone: Someone | None, path: str = "/", **options: object) -> Page:
        options = {"viewport": {"width": 390, "height": 844}, "locale": "en-GB", **options}
        options.setdefault("timezone_id", "Europe/Berlin")
        context = browser.new_context(base_url=live.url, **options)
        context.set_default_timeout(30_000)
        context.complaints = []
        context.on(
            "console",
            lambda said: (
                said.type in ("error", "warning")
                and "blocked by Playwright" not in said.text
                and context.complaints.append(said.text)
            ),
        )
        context.on("weberror", lambda error: context.complaints.append(str(error.error)))
        contexts.append(context)
        if someone:
            sign_in(context, someone, live.url)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    complaints = [text for context in contexts for text in context.complaints]
    for context in contexts:
        context.close()
    assert complaints == []
