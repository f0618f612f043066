"""How the tests are shared among processes, and what all of them leave to the garbage collector."""

from __future__ import annotations

import gc
from collections import Counter
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
    """Spare the garbage collector what was imported: it goes through all of it again and again, and finds nothing."""
    gc.collect()
    gc.freeze()


def _file(item: pytest.Item) -> str:
    """The file of a test, or what it shares a process with."""
    file = item.nodeid.partition("::")[0]
    return TOGETHER.get(file, file)
