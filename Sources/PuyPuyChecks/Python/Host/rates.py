"""Rates and deltas, exactly as the daemon's RateTable computes them.

The readings are the spool's: the daemon hands them over with a run, and commits those of the run
together with its points. The class computes here because a module wants the number at once.
"""

from __future__ import annotations

import time
from typing import NamedTuple, Optional, Union

from puypuy_host.values import MISSING, Missing


class Moment(NamedTuple):
    """One instant on the wall clock and on the clock of the boot."""

    wall_ns: int
    boot_ns: int
    boot_id: str

    def elapsed_ns(self, earlier: Moment) -> int:
        """By the boot clock within a boot, by the wall clock across a reboot."""
        if self.boot_id == earlier.boot_id:
            return self.boot_ns - earlier.boot_ns
        return self.wall_ns - earlier.wall_ns


class Reading(NamedTuple):
    """A counter as it was read, and when."""

    value: Union[int, float]
    moment: Moment


def now(boot_id: str) -> Moment:
    """This instant."""
    return Moment(time.time_ns(), time.clock_gettime_ns(time.CLOCK_BOOTTIME), boot_id)


class RateTable:
    """The readings of one module's counters, by key."""

    def __init__(self) -> None:
        self.readings: dict[str, Reading] = {}
        self.changed: dict[str, Reading] = {}
        self.resets = 0

    def rate(self, key: str, value: int | float, moment: Moment) -> float | Missing:
        """The increase per second since the previous reading of `key`."""
        difference, elapsed_ns = self._replace(key, value, moment)
        return MISSING if difference is None else difference / (elapsed_ns / 1e9)

    def delta(self, key: str, value: int | float, moment: Moment) -> float | Missing:
        """The increase since the previous reading of `key`."""
        difference, _ = self._replace(key, value, moment)
        return MISSING if difference is None else difference

    def previous(
        self, key: str, value: int | float, moment: Moment
    ) -> int | float | Missing:
        """The previous reading of `key` itself."""
        before = self.readings.get(key)
        self._store(key, Reading(value, moment))
        return MISSING if before is None else before.value

    def _store(self, key: str, reading: Reading) -> None:
        self.readings[key] = self.changed[key] = reading

    def _replace(
        self, key: str, value: int | float, moment: Moment
    ) -> tuple[Optional[float], int]:
        before = self.readings.get(key)
        self._store(key, Reading(value, moment))
        if before is None:
            return None, 0
        difference = _difference(value, before.value)
        if difference < 0:
            self.resets += 1
            return None, 0
        elapsed_ns = moment.elapsed_ns(before.moment)
        if elapsed_ns <= 0:
            return None, 0
        return difference, elapsed_ns


def _difference(new: int | float, old: int | float) -> float:
    """Exact for two integers whose difference fits in 64 bits, although they are over 2**53."""
    if isinstance(new, int) and isinstance(old, int):
        exact = new - old
        if -(2**63) <= exact < 2**63:
            return float(exact)
    return float(new) - float(old)
