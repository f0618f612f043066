"""One display of the progress of many jobs: bars on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

__all__ = ["Bars", "Display", "Lines", "display", "duration"]

LINE_SECONDS = 10.0
"""Time between two plain lines."""


class Display(Protocol):
    """What shows the progress of jobs, which are known by their place."""

    def began(self, index: int) -> None:
        """A job has begun."""

    def progress(self, index: int, share: float, message: str) -> None:
        """A job has done a share, in [0, 1]."""

    def ended(self, index: int, failed: int) -> None:
        """A job has ended, and so much of what it counts for has failed."""

    def tick(self) -> None:
        """Some time has passed."""


@contextmanager
def display(
    names: Sequence[str], console: Console | None = None, *, sizes: Sequence[int] | None = None
) -> Iterator[Display]:
    """Show the progress of jobs of these names on stderr, or on a given console.

    Args:
        names: What the jobs are called.
        console: Where it is shown; None: on stderr.
        sizes: For how many each job counts, as one that does several things together; None: for one each.
    """
    console = console or Console(stderr=True)
    sizes = sizes or [1] * len(names)
    if not console.is_terminal:
        lines = Lines(names, sizes, console)
        yield lines
        lines.last()
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[message]}", markup=False),
    )
    with Progress(*columns, console=console, refresh_per_second=4) as progress:
        yield Bars(names, sizes, progress)


class Bars:
    """A bar for each running job and one for all."""

    def __init__(self, names: Sequence[str], sizes: Sequence[int], progress: Progress) -> None:
        """Begin with the bar for all."""
        self._names, self._sizes, self._bars = names, sizes, progress
        self._shares = [0.0] * len(names)
        self._tasks: dict[int, TaskID] = {}
        self._done, self._failed = 0, 0
        self._all = progress.add_task("all", total=float(sum(sizes)), message="")
        self._update()

    def began(self, index: int) -> None:
        """Add a bar."""
        self._tasks[index] = self._bars.add_task(self._names[index], total=1.0, message="")

    def progress(self, index: int, share: float, message: str) -> None:
        """Move a bar."""
        self._shares[index] = share
        self._bars.update(self._tasks[index], completed=share, message=message)
        self._update()

    def ended(self, index: int, failed: int) -> None:
        """Take a bar away."""
        self._shares[index] = 1.0
        self._done, self._failed = self._done + self._sizes[index], self._failed + failed
        self._bars.remove_task(self._tasks.pop(index))
        self._update()

    def tick(self) -> None:
        """Rich refreshes the bars by itself."""

    def _update(self) -> None:
        message = _count(self._done, sum(self._sizes), self._failed)
        self._bars.update(self._all, completed=_weighted(self._shares, self._sizes), message=message)


class Lines:
    """A line every ten seconds, for logs."""

    def __init__(self, names: Sequence[str], sizes: Sequence[int], console: Console) -> None:
        """Begin without a line."""
        self._names, self._sizes, self._console = names, sizes, console
        self._shares = [0.0] * len(names)
        self._running: dict[int, str] = {}
        self._done, self._failed = 0, 0
        self._began = self._told = time.monotonic()

    def began(self, index: int) -> None:
        """Count a job among the running."""
        self._running[index] = ""

    def progress(self, index: int, share: float, message: str) -> None:
        """Remember how far a job is."""
        self._shares[index], self._running[index] = share, message

    def ended(self, index: int, failed: int) -> None:
        """Count a job among the done."""
        self._shares[index] = 1.0
        del self._running[index]
        self._done, self._failed = self._done + self._sizes[index], self._failed + failed

    def tick(self) -> None:
        """Write a line if the last one is old enough."""
        if time.monotonic() - self._told >= LINE_SECONDS:
            self._told = time.monotonic()
            self._console.print(self._line(), markup=False, highlight=False, soft_wrap=True)

    def last(self) -> None:
        """Write how it ended."""
        seconds = time.monotonic() - self._began
        count = _count(self._done, sum(self._sizes), self._failed)
        self._console.print(f"{count} in {duration(seconds)}", markup=False, highlight=False, soft_wrap=True)

    def _line(self) -> str:
        share = _weighted(self._shares, self._sizes) / sum(self._sizes)
        elapsed = time.monotonic() - self._began
        left = f", about {duration(elapsed * (1 - share) / share)} left" if share else ""
        running = [
            f"{self._names[index]} {self._shares[index]:.0%}" + (f" ({message})" if message else "")
            for index, message in sorted(self._running.items())
        ]
        count = _count(self._done, sum(self._sizes), self._failed)
        return f"{share:4.0%}  {count}{left}; running: {', '.join(running) or 'none'}"


def _weighted(shares: Sequence[float], sizes: Sequence[int]) -> float:
    return sum(share * size for share, size in zip(shares, sizes, strict=True))


def _count(done: int, total: int, failed: int) -> str:
    return f"{done}/{total} ended" + (f", {failed} failed" if failed else "")


def duration(seconds: float) -> str:
    """Return a time for people: seconds, minutes or hours."""
    minutes = round(seconds / 60)
    return f"{seconds:.0f} s" if seconds < 90 else f"{minutes} min" if minutes < 90 else f"{seconds / 3600:.1f} h"
