"""What modules import: `lib.X` and plain `X` are the same objects."""

from __future__ import annotations

import os
import sys
import types

from puypuy_host import (
    lib_basecheck,
    lib_commonclient,
    lib_getconfig,
    lib_puylogger,
    lib_pushdata,
    lib_record_rate,
    lib_sharedvars,
)

_MODULES = {
    "getconfig": lib_getconfig,
    "sharedvars": lib_sharedvars,
    "puylogger": lib_puylogger,
    "record_rate": lib_record_rate,
    "pushdata": lib_pushdata,
    "commonclient": lib_commonclient,
    "basecheck": lib_basecheck,
}


def install(folder: str) -> None:
    """Makes the names importable. `folder` may have a lib/ with further modules of the user."""
    package = types.ModuleType("lib", "What PuyPuy offers to Python modules.")
    package.__path__ = [os.path.join(folder, "lib")]
    sys.modules["lib"] = package
    for name, module in _MODULES.items():
        setattr(package, name, module)
        sys.modules[name] = sys.modules[f"lib.{name}"] = module


def configure(records: list[list[str]]) -> None:
    """Takes over the configuration and the tags of every point."""
    config = lib_getconfig.config
    names = {"hostname": "", "cluster_name": "", "host_group": "", "location": ""}
    for record in records:
        if record[0] == "option":
            _, section, key, value = record
            if section != config.default_section and not config.has_section(section):
                config.add_section(section)
            config.set(section, key, value)
        elif record[0] == "name":
            names[record[1]] = record[2]
    # What every existing module may ask for is there, also when the configuration leaves it out.
    if not config.has_section("SelfConfig"):
        config.add_section("SelfConfig")
    for key in ("cluster_name", "host_group", "location"):
        config.set("SelfConfig", key, names[key])
    for module in (lib_pushdata, lib_puylogger):
        module.cluster_name = names["cluster_name"]
        module.host_group = names["host_group"]
        module.tsdb_type = config.get("TSDB", "tsdtype", fallback="Local")
    lib_pushdata.hostname = names["hostname"]
    lib_pushdata.location = names["location"]
    lib_puylogger.log_file = config.get("SelfConfig", "log_file", fallback="")
    debug = config.get("SelfConfig", "debug_log", fallback="no")
    lib_puylogger.debug_log = debug.lower() in ("1", "yes", "true", "on")
