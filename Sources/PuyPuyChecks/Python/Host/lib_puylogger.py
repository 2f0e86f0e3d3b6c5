"""lib.puylogger: lines for the daemon's log."""

from __future__ import annotations

from typing import Any

from puypuy_host import run

# Set by the host before any module is loaded.
debug_log = False
cluster_name = ""
host_group = ""
log_file = ""
tsdb_type = ""


def print_message(*words: Any) -> None:
    """Logs a line."""
    _log("info", words)


def print_raw_message(*words: Any) -> None:
    """Logs a line; without a prefix in older releases, the same here."""
    _log("info", words)


def _log(level: str, words: tuple[Any, ...]) -> None:
    current = run.running()
    if current is not None:
        current.log(level, " ".join(str(word) for word in words))
