"""The site is built without a warning, and its pages ask nothing of a network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import needs_browser, quiet_page
from tests.docs.pages import PAGES, ROOT

pytestmark = pytest.mark.slow

FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|video)[^>]*\ssrc=["'](?:https?:)?//|<link[^>]*\shref=["'](?:https?:)?//"""
)
ADDRESS = re.compile(r"\bat 0x[0-9a-f]+|&lt;(?:function|class) ")
FETCHED_BY_STYLES = re.compile(r"""(?:url\(|@import\s)["']?(?:https?:)?//""")

BUILD = "import gc, sys; from sphinx.cmd.build import main; gc.disable(); sys.exit(main(sys.argv[1:]))"
"""``sphinx-build``, which is faster where no garbage is collected."""

LOOKED_AT = (
    "index",
    "environment",
    "genindex",
    "reference/config",
    "reference/commands",
    "theory/concepts",
    "notebooks/1_a_first_game",
)
"""Pages of every kind, some with wide tables and long names."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built of a copy of the docs: building writes pages among them."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("generated", "__pycache__"))
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    command = [sys.executable, "-c", BUILD, "-W", "--keep-going", "-q", "-b", "html", "docs", "html"]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert built.stderr == ""
    return folder / "html"


def test_every_page_is_there(site: Path) -> None:
    pages = [*PAGES, *(f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb"))]
    assert [page for page in pages if not (site / page).with_suffix(".html").exists()] == []
    assert "(…, N) float, offensive stock O" in (site / "reference/generated/security_dilemma.state.html").read_text()


def test_no_page_shows_a_place_in_memory(site: Path) -> None:
    assert [path.name for path in site.rglob("*.html") if ADDRESS.search(path.read_text("utf-8"))] == []


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    pages, styles = list(site.rglob("*.html")), list(site.rglob("*.css"))
    assert len(pages) > 100
    assert styles
    assert [path.name for path in pages if FETCHED.search(path.read_text("utf-8"))] == []
    assert [path.name for path in styles if FETCHED_BY_STYLES.search(path.read_text("utf-8"))] == []


@needs_browser
@pytest.mark.parametrize("width", [1280, 390])
def test_opens_without_a_word_and_fits_the_screen(site: Path, width: int) -> None:
    with quiet_page(width=width) as page:
        for name in LOOKED_AT:
            page.goto((site / f"{name}.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert page.locator("h1").count() == 1
