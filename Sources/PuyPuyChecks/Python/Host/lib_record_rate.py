"""lib.record_rate: rates, deltas and previous values of counters. The readings are the spool's."""

from __future__ import annotations

from typing import Any

from puypuy_host import run
from puypuy_host.values import MISSING, Refused, number

# Previous values that are no numbers; these last as long as this process.
_previous_objects: dict[tuple[str, str], Any] = {}


class ValueRate:
    """Turns counters into changes. A first reading gives 0.0, and no point when it is sent."""

    def record_value_rate(self, name: Any, value: Any, timestamp: Any = None) -> float:
        """The increase per second of the counter `name`, by the clock of the boot."""
        return self._change("rate", name, value)

    def record_value_delta(self, name: Any, value: Any, timestamp: Any = None) -> float:
        """The increase of the counter `name` since the previous run."""
        return self._change("delta", name, value)

    def update_timestamp(self, timestamp: Any) -> None:
        """Nothing: elapsed time is measured, not told."""

    def _change(self, kind: str, name: Any, value: Any) -> float:
        current = run.current()
        try:
            counter = number(value)
        except Refused as refused:
            current.refuse(str(name), refused)
            return MISSING
        compute = current.table.rate if kind == "rate" else current.table.delta
        return compute(f"{kind} {name}", counter, current.moment())


class GetPrevValue:
    """Remembers one value per name."""

    def return_last_value(self, name: Any, value: Any) -> Any:
        """What was given for `name` in the previous run; 0.0 the first time."""
        current = run.current()
        key = f"last {name}"
        try:
            return current.table.previous(key, number(value), current.moment())
        except Refused:
            previous = _previous_objects.get((current.module, key), MISSING)
            _previous_objects[(current.module, key)] = value
            return previous
