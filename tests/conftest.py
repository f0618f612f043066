"""How the tests are shared among processes, and what all of them leave out that takes time."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "tests/training/test_batch_jobs.py": "compiled",
    "tests/training/test_compiled_training.py": "compiled",
    "tests/training/test_engines.py": "compiled",
}
"""Files that go to one process, as they train with the same compiled program; every other file is for itself."""

NIGHTLY_SECONDS = 4 * 3600
"""After which a nightly test has failed."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Hand over tests by the file, so that no process makes the fixtures or the programs of another anew."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return TOGETHER.get(file, file)

    config.option.loadscopereorder = False  # the order is that of the next function
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of many slow tests: what is left at the end is then short. Nightly tests have hours."""
    slow = Counter(_file(item) for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[_file(item)])
    for item in items:
        if item.get_closest_marker("nightly"):
            item.add_marker(pytest.mark.timeout(NIGHTLY_SECONDS))


def pytest_collection_finish() -> None:
    """Let the garbage collector go less often through what is there, and never through what was imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture(scope="module", autouse=True)
def compiled_in_less_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave out most of XLA's optimizations, here and in processes begun here, but in files of the group ``compiled``.

    Compiling takes a third less. The tests of that group learn as users do.
    """
    quick = request.node.nodeid not in TOGETHER
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_DISABLE_MOST_OPTIMIZATIONS", str(int(quick)))
        jax = sys.modules.get("jax")
        if jax is not None and jax.config.read("jax_disable_most_optimizations") != quick:
            jax.config.update("jax_disable_most_optimizations", quick)
            jax.clear_caches()
        yield


@pytest.fixture(scope="module", autouse=True)
def browser_closed() -> Iterator[None]:
    """Close the browser that the tests of a file have opened."""
    yield
    if "tests.browser" in sys.modules:
        sys.modules["tests.browser"].close_browser()


def _file(item: pytest.Item) -> str:
    """The file of a test, or what it shares a process with."""
    file = item.nodeid.partition("::")[0]
    return TOGETHER.get(file, file)
