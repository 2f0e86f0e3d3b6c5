/// What `check new` writes.
enum CheckTemplate {
    /// A module of the current generation.
    static func python(_ name: String) -> String {
        """
        \"""The check \(name): replace what it measures by your own.

        Try it:     puypuy check run \(name) --again 2s
        Options:    check_\(name).ini beside this file, or [check_\(name)] in config.ini;
                    interval and timeout are understood for every module.
        Reference:  docs/PYTHON.md
        \"""

        import os

        import lib.basecheck


        class Check(lib.basecheck.CheckBase):
            # A new object is made for each run; what should last goes to lib.sharedvars.

            def precheck(self):
                # A value as it is. extra_tag tells series of one name apart.
                for pool, used in (("a", 3), ("b", 5)):
                    self.add("\(name)_used", used, extra_tag={"pool": pool})

                # A counter that only grows: its change per second, which survives restarts. The
                # first run knows no change yet, and no point is made of it.
                switches = self.context_switches()
                rate = self.rate.record_value_rate("\(name)_switches", switches, self.timestamp)
                self.add("\(name)_switches_rate", rate)

            def add(self, name, value, **more):
                self.local_vars.append({
                    "name": name,
                    "timestamp": self.timestamp,
                    "value": value,
                    "check_type": "\(name)",
                    **more,
                })

            @staticmethod
            def context_switches():
                with open(os.path.join("/proc", "stat")) as file:
                    for line in file:
                        if line.startswith("ctxt"):
                            return int(line.split()[1])
                raise ValueError("/proc/stat has no line ctxt")

        """
    }

    /// A script for any shell.
    static func script(_ name: String) -> String {
        """
        #!/bin/sh
        # The check \(name): replace what it measures by your own. Any language does.
        #
        # Each line that it prints is a point:
        #
        #     name value check_type style [key=value ...]
        #
        # style is stack for a value as it is, rate for a counter whose change per second is wanted,
        # delta for its change. Words with = are tags. What goes to standard error goes to the log.
        #
        # Try it: puypuy check run \(name) --again 2s

        echo "\(name)_processes $(ls -d /proc/[0-9]* | wc -l) \(name) stack"
        echo "\(name)_switches $(awk '/^ctxt/ { print $2 }' /proc/stat) \(name) rate"
        for folder in /tmp /var/tmp; do
            echo "\(name)_files $(ls "$folder" | wc -l) \(name) stack folder=$folder"
        done

        """
    }
}
