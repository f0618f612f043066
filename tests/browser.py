"""Pages in a headless Chromium: what a test opens must load without a word on the console and without the network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

__all__ = ["needs_browser", "opened"]

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)

needs_browser = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine (CI must have one)"
)
"""Leaves a test out where there is no browser, except on CI."""


@contextmanager
def opened(path: Path, *, width: int = 1200, height: int = 900, scheme: str = "light") -> Iterator[Page]:
    """Open a page whose charts are drawn; afterwards nothing may have been said on its console, or asked of a network.

    Args:
        path: The HTML file.
        width: Of the screen in pixels; 390 is a phone's.
        height: Of the screen in pixels.
        scheme: ``light`` or ``dark``.
    """
    assert CHROMIUM is not None, "CI needs Chromium: install Debian's package chromium"
    said: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.resolve().as_uri())
        page.wait_for_selector("body[data-ready]", state="attached", timeout=20_000)
        yield page
        browser.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
