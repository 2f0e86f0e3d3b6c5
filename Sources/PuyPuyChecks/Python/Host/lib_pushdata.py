"""lib.pushdata: points for the daemon."""

from __future__ import annotations

from typing import Any, Optional

from puypuy_host import run

# Set by the host before any module is loaded.
hostname = ""
cluster_name = ""
host_group = ""
location = ""
tsdb_type = ""


class JonSon:
    """Collects points; put_json hands them over, and the end of the run does, too."""

    def __init__(self) -> None:
        self._run: Optional[run.Run] = None
        self._made: list[int] = []

    def prepare_data(self) -> None:
        """Nothing: points that were made before count."""

    create_data = prepare_data

    def gen_data(
        self,
        name: Any,
        timestamp: Any,
        value: Any,
        host: Any = None,
        check_type: Any = None,
        cluster: Any = None,
        reaction: Any = 0,
        metric_type: Any = "None",
    ) -> None:
        """Makes a point. `reaction` and `metric_type` were for a service that is gone."""
        tags = (("host", host), ("cluster", cluster))
        self._make(run.current().point(name, timestamp, value, check_type, tags))

    def gen_data_json(self, point: dict[str, Any], host: Any = None, cluster: Any = None) -> None:
        """Makes a point of a dict such as runcheck() gives."""
        self._make(point_of(point, host, cluster))

    def put_json(self, *_: Any) -> None:
        """Hands over what was made."""
        current = self._current()
        current.put(self._made)
        self._made = []
        current.flush()

    def truncate_data(self) -> None:
        """Forgets what was made and not put."""
        self._current().drop(self._made)
        self._made = []

    def send_special(
        self, module: Any, timestamp: Any, value: Any, message: Any, kind: Any = "", *_: Any
    ) -> None:
        """Logs a message of a module; the service that took such messages is gone."""
        run.current().log("info", f"{module}: {kind} {message}".strip())

    def _make(self, point: Optional[tuple[str, ...]]) -> None:
        number = self._current().make(point)
        if number is not None:
            self._made.append(number)

    def _current(self) -> run.Run:
        """The run in progress. What an earlier run made is with the daemon already."""
        current = run.current()
        if current is not self._run:
            self._run = current
            self._made = []
        return current


def point_of(
    point: dict[str, Any], host: Any = None, cluster: Any = None
) -> Optional[tuple[str, ...]]:
    """The record of a dict with name, timestamp, value and what else modules give."""
    tags = [("host", point.get("host", host)), ("cluster", cluster)]
    extra = point.get("extra_tag")
    if extra:
        tags += extra.items() if hasattr(extra, "items") else extra
    return run.current().point(
        point.get("name"), point.get("timestamp"), point.get("value"), point.get("check_type"), tags
    )


def print_error(module: Any, error: Any = None) -> None:
    """Logs that something did not work."""
    current = run.running()
    if current is not None:
        current.log("warning", str(module) if error is None else f"{module}: {error}")
