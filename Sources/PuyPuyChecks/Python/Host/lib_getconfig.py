"""lib.getconfig: the daemon's configuration, as modules read it."""

from __future__ import annotations

import configparser
from typing import Union

# Filled by the host before any module is loaded. Modules also know it as the global `config`.
config = configparser.RawConfigParser(strict=False)


def getparam(section: str, option: str) -> Union[str, bool]:
    """The text of an option; True and False for the words."""
    return _converted(config.get(section, option))


def getsection(section: str) -> list[str]:
    """The names of the options of a section."""
    return config.options(section)


def getsectionitems(section: str) -> dict[str, str]:
    """The options of a section with their text."""
    return {option: config.get(section, option) for option in config.options(section)}


def _converted(value: str) -> Union[str, bool]:
    return {"True": True, "False": False}.get(value, value)
