"""Pages in a headless Chromium: what a test opens must load without a word on the console and without the network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

__all__ = ["close_browser", "needs_browser", "opened", "quiet_page"]

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)

needs_browser = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine (CI must have one)"
)
"""Leaves a test out where there is no browser, except on CI."""


_held: list[tuple[Playwright, Browser]] = []
"""The browser that is open, once there is one."""


def close_browser() -> None:
    """Close the browser if one is open: every file of tests has its own, which takes a second to open."""
    while _held:
        playwright, browser = _held.pop()
        browser.close()
        playwright.stop()


@contextmanager
def quiet_page(*, width: int = 1200, height: int = 900, scheme: str = "light") -> Iterator[Page]:
    """Give an empty page; afterwards nothing may have been said on its console, or asked of a network.

    Args:
        width: Of the screen in pixels; 390 is a phone's.
        height: Of the screen in pixels.
        scheme: ``light`` or ``dark``.
    """
    said: list[str] = []
    asked: list[str] = []
    context = _browser().new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
    )
    try:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        yield page
    finally:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


@contextmanager
def opened(path: Path, *, width: int = 1200, height: int = 900, scheme: str = "light") -> Iterator[Page]:
    """Open a page, as :func:`quiet_page` does, whose charts are drawn.

    Args:
        path: The HTML file.
        width: Of the screen in pixels.
        height: Of the screen in pixels.
        scheme: ``light`` or ``dark``.
    """
    with quiet_page(width=width, height=height, scheme=scheme) as page:
        page.goto(path.resolve().as_uri())
        page.wait_for_selector("body[data-ready]", state="attached", timeout=20_000)
        yield page


def _browser() -> Browser:
    assert CHROMIUM is not None, "CI needs Chromium: install Debian's package chromium"
    if not _held:
        playwright = sync_playwright().start()
        _held.append((playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])))
    return _held[0][1]
