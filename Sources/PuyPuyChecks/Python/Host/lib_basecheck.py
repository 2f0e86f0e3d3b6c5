"""lib.basecheck: what class-style modules derive their Check from."""

from __future__ import annotations

import time
from typing import Any

from puypuy_host import lib_puylogger, lib_pushdata, lib_record_rate
from puypuy_host.lib_getconfig import config


class CheckBase:
    """One run: precheck() fills local_vars. A new object is made for each run."""

    check_type = "base"
    values_type = "none"
    metrics: list[Any] = []

    def __init__(self) -> None:
        self.local_vars: list[dict[str, Any]] = []
        self.timestamp = int(time.time())
        self.cluster_name = lib_pushdata.cluster_name
        self.host_group = lib_pushdata.host_group
        self.location = lib_pushdata.location
        self.error_handler = config.get("SelfConfig", "error_handler", fallback="")
        self.rate = lib_record_rate.ValueRate()
        self.last = lib_record_rate.GetPrevValue()
        self.jsondata = lib_pushdata.JonSon()

    def info(self) -> None:
        """Logs what was measured so far."""
        for point in self.local_vars:
            lib_puylogger.print_message(f"{type(self).__module__} : {point}")

    def precheck(self) -> None:
        """Measures; checks put their points into local_vars here."""

    def runcheck(self) -> list[dict[str, Any]]:
        """One run."""
        self.local_vars = []
        self.precheck()
        return self.local_vars
