"""The run in progress: what a module has made so far, on its way to the daemon."""

from __future__ import annotations

import time
from typing import Any, Iterable, Optional

from puypuy_host import frames, rates
from puypuy_host.values import Missing, Refused, nanoseconds, number, text

_DAY_NS = 86_400 * 1_000_000_000
# As many log lines of a run are handed over; the others are counted.
_LOG_LINES = 20
# Points are handed over in frames of about so many.
_POINTS_A_FRAME = 5_000
# The modules whose odd times were told; once is enough.
_told_odd_times: set[str] = set()


class Run:
    """What one run of one module gives.

    Points are handed over when the module puts them, so that those count whatever it does then.
    """

    def __init__(self, module: str, table: rates.RateTable, boot_id: str) -> None:
        self.module = module
        self.table = table
        self.boot_id = boot_id
        self.started_ns = time.time_ns()
        # Points that were made and not yet put, by identity, in order.
        self.made: dict[int, tuple[str, ...]] = {}
        self.refused: dict[tuple[str, str], int] = {}
        self.log_lines = 0
        # Whether it made any point, usable or not.
        self.has_points = False
        self._points: list[tuple[str, ...]] = []
        self._other: list[tuple[str, ...]] = []

    def moment(self) -> rates.Moment:
        """This instant, for a reading."""
        return rates.now(self.boot_id)

    def point(
        self,
        name: Any,
        timestamp: Any,
        value: Any,
        check_type: Any,
        tags: Iterable[tuple[Any, Any]],
    ) -> Optional[tuple[str, ...]]:
        """The record of a point, or nothing when it cannot be one."""
        self.has_points = True
        if isinstance(value, Missing):
            return None
        metric = text(name)
        try:
            measured = number(value)
            words = [
                "point",
                metric,
                text(check_type) or "untyped",
                str(self._time(timestamp, metric)),
                "i" if isinstance(measured, int) else "d",
                repr(measured),
            ]
        except Refused as refused:
            self.refuse(metric, refused)
            return None
        for key, content in tags:
            words.append(text(key))
            words.append(text(content))
        return tuple(words)

    def _time(self, timestamp: Any, metric: str) -> int:
        time_ns = nanoseconds(timestamp, self.started_ns)
        if abs(time_ns - self.started_ns) > _DAY_NS and self.module not in _told_odd_times:
            _told_odd_times.add(self.module)
            self._other.append(("oddtime", metric, str(timestamp)))
        return time_ns

    def refuse(self, metric: str, refused: Refused) -> None:
        """Counts a value that cannot become a point."""
        key = (metric, refused.reason)
        if key not in self.refused:
            self.log("refused", f"{metric}: {refused.words}")
        self.refused[key] = self.refused.get(key, 0) + 1

    def make(self, point: Optional[tuple[str, ...]]) -> Optional[int]:
        """Remembers a point that may be put later, under the number that is returned."""
        if point is None:
            return None
        self.made[id(point)] = point
        return id(point)

    def put(self, numbers: Iterable[int]) -> None:
        """Takes over points that were made."""
        for one in numbers:
            point = self.made.pop(one, None)
            if point is not None:
                self.add(point)

    def drop(self, numbers: Iterable[int]) -> None:
        """Forgets points that were made and not put."""
        for one in numbers:
            self.made.pop(one, None)

    def add(self, point: Optional[tuple[str, ...]]) -> None:
        """Takes a point over."""
        if point is None:
            return
        self._points.append(point)
        if len(self._points) >= _POINTS_A_FRAME:
            self.flush()

    def log(self, level: str, words: str) -> None:
        """A line for the daemon's log."""
        self.log_lines += 1
        if self.log_lines <= _LOG_LINES:
            self._other.append(("log", level, words[:2000]))

    def flush(self) -> None:
        """Hands over the points so far, with the readings that they are computed from."""
        records = self._points + self._other
        for key, reading in self.table.changed.items():
            moment = reading.moment
            kind = "i" if isinstance(reading.value, int) else "d"
            records.append(
                (
                    *("reading", key, kind, repr(reading.value)),
                    *(str(moment.wall_ns), str(moment.boot_ns), moment.boot_id),
                )
            )
        if self.table.resets:
            records.append(("resets", str(self.table.resets)))
        self.table.changed.clear()
        self.table.resets = 0
        self._points = []
        self._other = []
        if records:
            frames.send(records)

    def finish(self) -> None:
        """Hands over the rest: what was made and never put, and what was refused."""
        for point in self.made.values():
            self._points.append(point)
        self.made = {}
        for (metric, reason), count in self.refused.items():
            self._other.append(("refusal", metric, reason, str(count)))
        if self.log_lines > _LOG_LINES:
            self._other.append(("log", "more", str(self.log_lines - _LOG_LINES)))
        self.flush()


_current: Optional[Run] = None


def current() -> Run:
    """The run in progress."""
    if _current is None:
        raise RuntimeError("no run is in progress")
    return _current


def running() -> Optional[Run]:
    """The run in progress, if there is one."""
    return _current


def begin(run: Optional[Run]) -> None:
    """Makes `run` the one in progress; None when it is over."""
    global _current
    _current = run
