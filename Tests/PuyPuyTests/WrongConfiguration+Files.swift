extension WrongConfiguration {
    /// Lines that are not INI.
    static let syntax = [
        WrongConfiguration(
            "a line without a colon", "[SelfConfig]\nlocation\n" + local, [:],
            "config.ini:2: [SelfConfig] neither a key with a value, nor a section; write key: value"
        ),
        WrongConfiguration(
            "a value without a key", "[SelfConfig]\n: a\n" + local, [:],
            "config.ini:2: [SelfConfig] a value without a key; write key: value"),
        WrongConfiguration(
            "a section without its bracket", local + "[SelfConfig\nlocation: a\n", [:],
            "config.ini:3: [TSDB] a section without its ]; a section starts with a line like [TSDB]"
        ),
        WrongConfiguration(
            "a key before the first section", "location: a\n" + local, [:],
            "config.ini:1: a key before the first section; start with a line like [SelfConfig]"),
        WrongConfiguration(
            "a key that is indented", "[SelfConfig]\nlocation: a\n  hostname: b\n" + local, [:],
            "config.ini:2: [SelfConfig] location: the value goes on in line 3, which is indented; "
                + "indent no line more than the one before it"),
        WrongConfiguration(
            "JSON", "{\"TSDB\": {\"tsdtype\": \"Local\"}}\n", [:],
            "config.ini:1: a key before the first section; start with a line like [SelfConfig]"),
    ]

    /// Bytes that are not the text of settings.
    static let encodings = [
        WrongConfiguration(
            "UTF-16 with its byte order mark",
            bytes: ["config.ini": [0xFF, 0xFE] + utf16(local, littleEndian: true)],
            argument: "config.ini", "config.ini:1: the file is UTF-16; save the file as UTF-8"),
        WrongConfiguration(
            "UTF-16 without one",
            bytes: ["config.ini": utf16(local, littleEndian: false)], argument: "config.ini",
            "config.ini:1: the file is UTF-16; save the file as UTF-8"),
        WrongConfiguration(
            "a NUL", "[SelfConfig]\nlocation: a\u{0}b\n" + local, [:],
            "config.ini:2: [SelfConfig] a control character in the line; remove it"),
        WrongConfiguration(
            "Latin-1",
            bytes: [
                "config.ini": Array("[SelfConfig]\nlocation: caf".utf8) + [0xE9]
                    + Array("\n\(local)".utf8)
            ],
            argument: "config.ini",
            "config.ini:2: [SelfConfig] not UTF-8; save the file as UTF-8"),
        WrongConfiguration(
            "a file of more than a megabyte",
            String(repeating: "#", count: 1 << 20) + "\n", [:],
            "config.ini: cannot be read: larger than 1 MiB, so probably not what was meant"),
        WrongConfiguration(
            "a check's file in UTF-16",
            bytes: [
                "config.ini": Array(local.utf8),
                "checks_enabled/check_disks.ini": [0xFF, 0xFE]
                    + utf16("interval: 5\n", littleEndian: true),
            ],
            argument: "config.ini",
            "checks_enabled/check_disks.ini:1: the file is UTF-16; save the file as UTF-8"),
    ]

    /// Files and folders that are not there, or not what they should be.
    static let places = [
        WrongConfiguration(
            "a configuration that is not there", bytes: [:], argument: "nowhere.ini",
            "nowhere.ini: cannot be read: no such file or directory"),
        WrongConfiguration(
            "a folder without a configuration", bytes: ["conf": nil], argument: "conf",
            "conf: no *.ini file in it"),
        WrongConfiguration(
            "a folder in the place of a file",
            bytes: ["conf/10.ini": Array(local.utf8), "conf/20.ini": nil], argument: "conf",
            "conf/20.ini: cannot be read: is a directory"),
        WrongConfiguration(
            "a mistake in the second of several files",
            bytes: [
                "conf/10.ini": Array(local.utf8),
                "conf/20.ini": Array("\n[SelfConfig]\nlocatoin: a\n".utf8),
            ], argument: "conf",
            "conf/20.ini:3: [SelfConfig] locatoin: unknown key; did you mean location?"),
        WrongConfiguration(
            "a spool that is a folder", "[SelfConfig]\nspool_path: data\n" + local, ["data": nil],
            "config.ini:2: [SelfConfig] spool_path: \"{FOLDER}/data\": a folder; expected a file"),
        WrongConfiguration(
            "a spool below a file", "[SelfConfig]\nspool_path: data/a/spool.db\n" + local,
            ["data": ""],
            "config.ini:2: [SelfConfig] spool_path: \"{FOLDER}/data/a/spool.db\": {FOLDER}/data is a "
                + "file, not a folder; name a file in a folder"),
        WrongConfiguration(
            "a log that is a folder", "[SelfConfig]\nlog_file: log\n" + local, ["log": nil],
            "config.ini:2: [SelfConfig] log_file: \"{FOLDER}/log\": a folder; expected a file"),
        WrongConfiguration(
            "a pid file that is a folder", "[SelfConfig]\npid_file: run\n" + local, ["run": nil],
            "config.ini:2: [SelfConfig] pid_file: \"{FOLDER}/run\": a folder; expected a file"),
        WrongConfiguration(
            "a folder of checks that is not there", "[SelfConfig]\nchecks_dir: none\n" + local, [:],
            "config.ini:2: [SelfConfig] checks_dir: \"{FOLDER}/none\": no check is enabled: no such "
                + "file or directory; make the folder, and in it a file check_NAME.ini for every "
                + "check"),
        WrongConfiguration(
            "a file in the place of the folder of scripts",
            "[SelfConfig]\nscripts_dir: scripts\n" + local, ["scripts": ""],
            "config.ini:2: [SelfConfig] scripts_dir: \"{FOLDER}/scripts\": a file; expected a folder"
        ),
        WrongConfiguration(
            "a file with the password that is not there",
            influx + "user: u\npass_file: secret\n", [:],
            "config.ini:6: [TSDB] pass_file: \"{FOLDER}/secret\": cannot be read: no such file or "
                + "directory; expected a file with the secret on its only line"),
        WrongConfiguration(
            "a folder in the place of the password", influx + "user: u\npass_file: secret\n",
            ["secret": nil],
            "config.ini:6: [TSDB] pass_file: \"{FOLDER}/secret\": cannot be read: is a directory; "
                + "expected a file with the secret on its only line"),
        WrongConfiguration(
            "a file with two passwords", influx + "user: u\npass_file: secret\n",
            ["secret": "one\ntwo\n"],
            "config.ini:6: [TSDB] pass_file: \"{FOLDER}/secret\": more than one line, or control "
                + "characters; expected a file with the secret on its only line"),
    ]

    /// Destinations that cannot work.
    static let destinations = [
        WrongConfiguration(
            "an unknown type", "[TSDB]\ntsdtype: MySQL\n", [:],
            "config.ini:2: [TSDB] tsdtype: \"MySQL\": unknown type; expected one of \(types)"),
        WrongConfiguration(
            "a type with a comment", "[TSDB]\ntsdtype: Local # for now\n", [:],
            "config.ini:2: [TSDB] tsdtype: \"Local # for now\": unknown type; expected one of "
                + "\(types); a comment needs a line of its own"),
        WrongConfiguration(
            "nothing that is needed", "[TSDB:two]\ntsdtype: InfluxDB2\n", [:],
            "config.ini: [TSDB:two] address: missing; expected an address like "
                + "http://127.0.0.1:8086",
            "config.ini: [TSDB:two] organization: missing; expected the name of the organization",
            "config.ini: [TSDB:two] bucket: missing; expected the name of the bucket"),
        WrongConfiguration(
            "an address of another kind",
            "[TSDB]\ntsdtype: InfluxDB\naddress: mysql://127.0.0.1:3306\ndatabase: d\n", [:],
            "config.ini:3: [TSDB] address: \"mysql://127.0.0.1:3306\": neither http:// nor https://; "
                + "expected an address like http://127.0.0.1:8086"),
        WrongConfiguration(
            "a port that there is not", "[TSDB]\ntsdtype: Carbon\naddress: graphite:99999\n", [:],
            "config.ini:3: [TSDB] address: \"graphite:99999\": no port from 1 to 65535; expected "
                + "host:2004, tcp://host:2004 or tls://host:port"),
        WrongConfiguration(
            "a proxy that is none", influx + "proxy: the proxy\n", [:],
            "config.ini:5: [TSDB] proxy: \"the proxy\": not an address; expected an address like "
                + "http://host:3128 or socks5h://host:1080"),
        WrongConfiguration(
            "a name that is none", local + "[TSDB:a b]\ntsdtype: Local\n", [:],
            "config.ini:3: [TSDB:a b] not the name of a destination; expected [TSDB:NAME] with "
                + "letters, digits, dots, dashes and underscores"),
    ]

    /// A web server that cannot listen, or for whom is not clear.
    static let web = [
        WrongConfiguration(
            "an address to listen on with a scheme",
            local + "[WebServer]\nwebaddress: http://127.0.0.1:9898\n", [:],
            "config.ini:4: [WebServer] webaddress: \"http://127.0.0.1:9898\": not an address to "
                + "listen on; expected an address and a port, like 127.0.0.1:9898 or [::]:9898; "
                + "leave http:// out"),
        WrongConfiguration(
            "a network that is too long", local + "[WebServer]\nallowedip: 10.0.0.0/33\n", [:],
            "config.ini:4: [WebServer] allowedip: \"10.0.0.0/33\": /33 is not the length of a "
                + "network from 0 to 32; expected addresses and networks, like 127.0.0.1, 10.0.0.0/8 "
                + "or fd00::/8"),
        WrongConfiguration(
            "a host in the place of its network",
            local + "[WebServer]\nallowedip: 127.0.0.1, 10.0.0.7/8\n", [:],
            "config.ini:4: [WebServer] allowedip: \"10.0.0.7/8\": 10.0.0.7 is inside of the network, "
                + "not its start; expected addresses and networks, like 127.0.0.1, 10.0.0.0/8 or "
                + "fd00::/8; write 10.0.0.0/8 for the network, or 10.0.0.7 for the host"),
    ]

    /// Files of checks.
    static let checks = [
        WrongConfiguration(
            "a misspelt key of a check", local,
            ["checks_enabled/check_disks.ini": "intervall: 3\n"],
            "checks_enabled/check_disks.ini:1: intervall: unknown key of the check disks; did you "
                + "mean interval?"),
        WrongConfiguration(
            "an interval of a check that is too long", local,
            ["checks_enabled/check_disks.ini": "\ninterval: 2d\n"],
            "checks_enabled/check_disks.ini:2: interval: \"2d\": out of range; expected seconds from "
                + "0.1 to 86400, or a time like 90s, 5m or 1h"),
        WrongConfiguration(
            "an option of a check that is no flag", local,
            ["checks_enabled/check_disks.ini": "network_mounts: some\n"],
            "checks_enabled/check_disks.ini:1: network_mounts: \"some\": not understood; expected "
                + "yes or no"),
        WrongConfiguration(
            "a section of something else in a check's file", local,
            ["checks_enabled/check_disks.ini": "[Memory Stats]\ninterval: 3\n"],
            "checks_enabled/check_disks.ini:1: [Memory Stats] not a section of this check; expected "
                + "keys without a section, or [disks]"),
        WrongConfiguration(
            "a folder in the place of a check's file", local,
            ["checks_enabled/check_disks.ini": nil],
            "checks_enabled/check_disks.ini: cannot be read: is a directory"),
        WrongConfiguration(
            "an instance with a blank in its name", local,
            ["checks_enabled/check_nagios@a b.ini": ""],
            "checks_enabled/check_nagios@a b.ini: \"a b\": not the name of an instance; expected "
                + "letters, digits, dots, dashes and underscores after the @"),
    ]
}
