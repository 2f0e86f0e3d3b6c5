"""lib.sharedvars: values that modules keep between runs, for as long as this process lives."""

from __future__ import annotations

from typing import Any

_values: dict[Any, Any] = {}


def storevar(name: Any, value: Any) -> None:
    """Keeps `value` under `name`."""
    _values[name] = value


def getvar(name: Any) -> Any:
    """The value under `name`; KeyError when there is none."""
    return _values[name]
