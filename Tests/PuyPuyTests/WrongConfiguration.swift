import Testing

/// A configuration with mistakes, and the words that `puypuy config check` has for them.
struct WrongConfiguration: Sendable, CustomTestStringConvertible {
    /// What is wrong.
    let testDescription: String
    /// Files below the folder of the configuration, with their bytes; a folder where there are none.
    var files: [String: [UInt8]?]
    /// The argument of `--config`.
    var argument = "config.ini"
    /// The lines that are printed. `{FOLDER}` stands for the folder of the configuration.
    let lines: [String]
    /// How many of them have to be corrected.
    var errors: Int { lines.count { !$0.contains(": notice: ") && !$0.contains(": warning: ") } }

    /// A file `config.ini` of `text`, besides `files`; one line for each problem.
    init(_ name: String, _ text: String, _ files: [String: String?] = [:], _ lines: String...) {
        testDescription = name
        self.files = files.mapValues { $0.map { Array($0.utf8) } }
        self.files["config.ini"] = Array(text.utf8)
        self.lines = lines
    }

    /// The configuration `argument`, made of `files`.
    init(_ name: String, bytes files: [String: [UInt8]?], argument: String, _ lines: String...) {
        testDescription = name
        self.files = files
        self.argument = argument
        self.lines = lines
    }
}

extension WrongConfiguration {
    /// A destination without a server, and one with.
    static let local = "[TSDB]\ntsdtype: Local\n"
    static let influx = """
        [TSDB]
        tsdtype: InfluxDB
        address: http://127.0.0.1:8086
        database: puypuy

        """

    /// `text` as some editors save it.
    static func utf16(_ text: String, littleEndian: Bool) -> [UInt8] {
        text.utf16.flatMap { unit -> [UInt8] in
            let bytes = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
            return littleEndian ? bytes.reversed() : bytes
        }
    }

    /// All of them.
    static let all =
        names + values + contradictions + syntax + encodings + places + destinations
        + web + checks

    /// Keys and sections that are misspelt.
    static let names = [
        WrongConfiguration(
            "a misspelt key", "[SelfConfig]\ncheck_period_secnds: 5\n" + local, [:],
            "config.ini:2: [SelfConfig] check_period_secnds: unknown key; did you mean "
                + "check_period_seconds?"),
        WrongConfiguration(
            "a key of another section", "[SelfConfig]\nwebserver: yes\n" + local, [:],
            "config.ini:2: [SelfConfig] webserver: unknown key"),
        WrongConfiguration(
            "a misspelt section", "[SelfConfg]\nlocation: a\n" + local, [:],
            "config.ini:1: [SelfConfg] unknown section; did you mean [SelfConfig]?"),
        WrongConfiguration(
            "a section in lower case", "[selfconfig]\nlocation: a\n" + local, [:],
            "config.ini:1: [selfconfig] unknown section; did you mean [SelfConfig]?"),
        WrongConfiguration(
            "a destination with a dot for its colon", local + "[TSDB.two]\ntsdtype: Local\n", [:],
            "config.ini:3: [TSDB.two] unknown section; did you mean [TSDB:two]?"),
        WrongConfiguration(
            "a destination in lower case", local + "[tsdb:two]\ntsdtype: Local\n", [:],
            "config.ini:3: [tsdb:two] unknown section; did you mean [TSDB:two]?"),
        WrongConfiguration(
            "several mistakes at once",
            "[SelfConfig]\ncheck_period_second: 5\ndurability: half\n[TSDB]\ntsdtype: InfuxDB\n"
                + "sandbox: no\n", [:],
            "config.ini:2: [SelfConfig] check_period_second: unknown key; did you mean "
                + "check_period_seconds?",
            "config.ini:3: [SelfConfig] durability: \"half\": not understood; expected one of full, "
                + "normal",
            "config.ini:5: [TSDB] tsdtype: \"InfuxDB\": unknown type; expected one of \(types); did "
                + "you mean InfluxDB?",
            "config.ini:6: notice: [TSDB] sandbox: has no effect any more: it was for OddEye"),
    ]

    /// The words of `tsdtype`.
    static let types =
        "InfluxDB, InfluxDB2, InfluxDB3, OpenTSDB, KairosDB, Carbon, PrometheusRemoteWrite, "
        + "Prometheus, Local"

    /// Values of a wrong kind, or beyond what is possible.
    static let values = [
        WrongConfiguration(
            "an interval in words", "[SelfConfig]\ncheck_period_seconds: ten\n" + local, [:],
            "config.ini:2: [SelfConfig] check_period_seconds: \"ten\": not understood; expected "
                + "seconds from 0.1 to 86400, or a time like 90s, 5m or 1h"),
        WrongConfiguration(
            "an interval of nothing", "[SelfConfig]\ncheck_period_seconds: 0\n" + local, [:],
            "config.ini:2: [SelfConfig] check_period_seconds: \"0\": out of range; expected seconds "
                + "from 0.1 to 86400, or a time like 90s, 5m or 1h"),
        WrongConfiguration(
            "a negative time", "[SelfConfig]\nspool_retain_hours: -1\n" + local, [:],
            "config.ini:2: [SelfConfig] spool_retain_hours: \"-1\": out of range; expected hours "
                + "from 0 to 87600, or a time like 90m, 24h or 7d"),
        WrongConfiguration(
            "a size with a unit", "[SelfConfig]\nspool_max_mb: 2GB\n" + local, [:],
            "config.ini:2: [SelfConfig] spool_max_mb: \"2GB\": not understood; expected a whole "
                + "number from 16 to 16777216"),
        WrongConfiguration(
            "a size that is too small", "[SelfConfig]\nspool_max_mb: 1\n" + local, [:],
            "config.ini:2: [SelfConfig] spool_max_mb: \"1\": out of range; expected a whole number "
                + "from 16 to 16777216"),
        WrongConfiguration(
            "a flag that is neither", "[SelfConfig]\nshorthostname: maybe\n" + local, [:],
            "config.ini:2: [SelfConfig] shorthostname: \"maybe\": not understood; expected yes or no"
        ),
        WrongConfiguration(
            "a misspelt choice", "[SelfConfig]\noverflow: drop_oldst\n" + local, [:],
            "config.ini:2: [SelfConfig] overflow: \"drop_oldst\": not understood; expected one of "
                + "drop_oldest, drop_newest; did you mean drop_oldest?"),
        WrongConfiguration(
            "a comment behind a value", "[SelfConfig]\nspool_max_mb: 100 ; small\n" + local, [:],
            "config.ini:2: [SelfConfig] spool_max_mb: \"100 ; small\": not understood; expected a "
                + "whole number from 16 to 16777216; a comment needs a line of its own"),
        WrongConfiguration(
            "a variable that is not set", influx + "user: u\npass: ${PUYPUY_NO_SUCH_VARIABLE}\n",
            [:],
            "config.ini:6: [TSDB] pass: the environment variable PUYPUY_NO_SUCH_VARIABLE is not "
                + "set; set PUYPUY_NO_SUCH_VARIABLE, under systemd with Environment= or "
                + "EnvironmentFile="),
        WrongConfiguration(
            "a variable without its bracket", influx + "user: u\npass: ${PASS\n", [:],
            "config.ini:6: [TSDB] pass: ${ without its }; write $${ for a plain ${"),
    ]

    /// Settings that exclude each other.
    static let contradictions = [
        WrongConfiguration(
            "a key twice", "[SelfConfig]\nlocation: a\nlocation: b\n" + local, [:],
            "config.ini:3: [SelfConfig] location: stands here and in line 2; remove one of the two, "
                + "or comment it out"),
        WrongConfiguration(
            "a section twice", local + "[SelfConfig]\nlocation: a\n[TSDB]\nbackfill: 1h\n", [:],
            "config.ini:5: [TSDB] stands here and in line 1; put all keys under one of them"),
        WrongConfiguration(
            "a user and a token", influx + "user: u\npass: p\ntoken: t\n", [:],
            "config.ini:7: [TSDB] token: a user and a token; set only one of them"),
        WrongConfiguration(
            "a password in two places", influx + "user: u\npass: p\npass_file: secret\n",
            ["secret": "p\n"],
            "config.ini:7: [TSDB] pass_file: pass is there, too; set only one of them"),
        WrongConfiguration(
            "a password without a user", influx + "pass: p\n", [:],
            "config.ini: [TSDB] user: missing, and there is a password; set user"),
        WrongConfiguration(
            "credentials that are on and not there", influx + "auth: yes\n", [:],
            "config.ini:5: [TSDB] auth: on, and there are neither user and pass nor token"),
        WrongConfiguration(
            "a log in the file of the spool",
            "[SelfConfig]\nspool_path: var/one\nlog_file: var//one\n" + local, [:],
            "config.ini:3: [SelfConfig] log_file: \"{FOLDER}/var/one\": the same file as spool_path; "
                + "expected a file of its own"),
        WrongConfiguration(
            "a key of a certificate that is not there", influx + "client_key: key.pem\n",
            ["key.pem": ""],
            "config.ini:5: [TSDB] client_key: a key without a certificate; set client_cert"),
    ]
}
