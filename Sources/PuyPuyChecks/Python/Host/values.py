"""What modules give as values, times and tags, and what becomes of it."""

from __future__ import annotations

import math
import re
from typing import Any

# In decimal, as people write it. float() also takes 1_000 and digits of other scripts.
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)\Z", re.IGNORECASE)

# From here on a time counts milliseconds; as seconds it would be the year 5138.
_MILLISECONDS_FROM = 1e11


class Refused(Exception):
    """A value that cannot become a point: a reason as the daemon counts it, and words."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason
        self.words = words


class Missing(float):
    """What a rate gives that is not known yet: 0.0 for the module, and no point for the daemon.

    What is calculated from it is not known either.
    """

    __slots__ = ()

    def _missing(self, *_: Any) -> Missing:
        return MISSING

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _missing
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _missing
    __mod__ = __rmod__ = __pow__ = __rpow__ = _missing
    def __format__(self, form: str) -> str:
        # float("{:.2f}".format(rate)) is how modules round; it must not end in a zero.
        return "nan" if form else str(self)

    __neg__ = __pos__ = __abs__ = __round__ = _missing


MISSING = Missing(0.0)


def number(value: Any) -> int | float:
    """`value` as an integer of 64 bits or a finite float. Text that is a number is one."""
    if type(value) is int:
        return value if -(2**63) <= value < 2**63 else _finite(_as_float(value))
    if isinstance(value, bool):
        raise Refused("unreadable", f"{value} is not a number")
    if isinstance(value, float):
        return _finite(float(value))
    if isinstance(value, (bytes, bytearray)):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return _from_text(value.strip())
    if value is not None:
        try:
            return number(value.__index__())
        except (AttributeError, TypeError):
            pass
        try:
            return _finite(float(value))
        except (TypeError, ValueError, OverflowError):
            pass
    raise Refused("unreadable", f"{_shortened(value)} is not a number")


def _from_text(text: str) -> int | float:
    if _INTEGER.match(text) and len(text) < 400:
        return number(int(text))
    if _DECIMAL.match(text):
        return _finite(float(text))
    if _NOT_FINITE.match(text):
        raise Refused("not-finite", f"{text} is not finite")
    raise Refused("unreadable", f"{_shortened(text)} is not a number")


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise Refused("not-finite", f"{value} is not finite")
    return value


def _shortened(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        text = f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:60] + "..."


def text(value: Any) -> str:
    """Tag values and names of any type as text; nothing for None."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    return str(value)


def nanoseconds(timestamp: Any, otherwise: int) -> int:
    """A time in seconds, or in milliseconds when it is over 1e11; `otherwise` when it is none."""
    try:
        time = number(timestamp)
    except Refused:
        return otherwise
    unit = 1_000_000 if abs(time) > _MILLISECONDS_FROM else 1_000_000_000
    # Floats hold no nanoseconds of today; a microsecond is what time.time() means.
    result = time * unit if isinstance(time, int) else round(time * unit / 1000) * 1000
    return result if abs(result) < 2**63 else otherwise
