import PuyPuyCore

@testable import PuyPuyChecks

/// What programs of others print: scripts, resident programs, plugins, the Python host.
enum CheckTargets {
    static let all = [
        scriptLines, metricLines, nagios, commandLines, frames, frameRoundTrip, tracebacks,
    ]

    private static let styles = ["stack", "gauge", "rate", "counter", "delta", "a=b", "=", "host="]

    private static let scriptLines = FuzzTarget(
        "script lines",
        texts: [
            "cpu_load 0.5 system gauge core=all host=web1", "a 1",
            "bytes 9223372036854775807 net rate",
            "x -1e300 t delta k=v", "y 0 t stack\r",
            "z 18446744073709551615 t counter disk=/dev/sda",
            "", "  ", "# comment", "a nan", "a inf", "é 1 ü gauge ö=ß",
        ], words: styles
    ) { bytes in
        var sample = CheckTargets.sample()
        var again = sample
        for (number, line) in bytes.split(separator: 0x0A).enumerated() {
            guard let read = try? ScriptLine.parse(line) else { continue }
            if !read.value.isFinite { return "line \(number) has \(read.value)" }
            read.add(to: &sample)
            again = Sample(
                check: "fuzz", timestampNs: 2, moment: moment(number + 2), baseTags: .none,
                rates: sample.rates)
            read.add(to: &again)
        }
        return fault(of: sample, bytes) ?? fault(of: again, bytes)
    }

    private static let metricLines = FuzzTarget(
        "metric lines",
        texts: [
            "cpu,host=a,type=system value=0.5 1700000000000000000", "m f=1i,g=2u,h=t,i=\"text\"",
            "a\\ b,c\\,d=e\\=f value=1", "m value=1e400", "#", "m value=1,value=2 -1", "m,=a b=1",
        ], words: ["\\", ",", " ", "=", "\"", "value=", "i", "u", "type="]
    ) { bytes in
        var sample = CheckTargets.sample()
        for line in bytes.split(separator: 0x0A) {
            guard let read = try? MetricLine.parse(line) else { continue }
            if read.fields.count + read.refused.count > line.count { return "too many fields" }
            for field in read.fields {
                sample.gauge(
                    field.metric, field.value, type: read.type, tags: read.tags,
                    timestampNs: read.timestampNs)
            }
        }
        return fault(of: sample, bytes)
    }

    private static let nagios = FuzzTarget(
        "Nagios output",
        texts: [
            "DISK OK - free space | /=2643MB;5948;5958;0;5968 '/home a'=69%;80;90",
            "OK | time=0,004s;;;0.000000 'it''s'=1c\nmore | a=1TB\nb=2KB", "UNKNOWN",
            "x|a=U b=1:2;~:3",
        ], words: ["'", "|", "=", ";", "TB", "ms", "%", "U", "c", "\n"]
    ) { bytes in
        let output = NagiosOutput(bytes)
        if output.performance.count + output.unreadable.count > bytes.count { return "too many" }
        for label in output.performance {
            if !label.value.isFinite { return "\(label.label) is \(label.value)" }
            for (name, limit) in label.limits where !limit.isFinite {
                return "\(label.label) has a limit \(name) of \(limit)"
            }
        }
        return output.text.contains("\n") ? "the text has lines" : nil
    }

    private static let commandLines = FuzzTarget(
        "command lines",
        texts: [
            "/usr/bin/check_disk -w 20% -c '10 %' \"a b\"", "a\\ b", "\"a\\\"b\"", "'", "a | b; $c",
        ],
        words: ["'", "\"", "\\", " ", "\t", "\u{301}"]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        guard let line = try? CommandLine(text) else { return nil }
        let size = line.words.reduce(0) { $0 + $1.utf8.count }
        if size > text.utf8.count { return "\(size) bytes of words" }
        // Each word in single quotes is that word again.
        let quoted = line.words.map { "'" + $0.replacing("'", with: "'\\''") + "'" }
        guard let again = try? CommandLine(quoted.joined(separator: " "))
        else { return nil }
        // Characters that join hide the quotes from `replacing`.
        let hasQuotes = text.utf8.contains(UInt8(ascii: "'"))
        return again == line || hasQuotes ? nil : "quoted they are \(again.words)"
    }

    private static let records: [[[String]]] = [
        [
            ["point", "cpu", "system", "1700000000000000000", "d", "0.5", "host", "a"],
            ["end", "ok"],
        ],
        [["reading", "key", "i", "12", "1700000000000000000", "12345", "boot"], ["resets", "1"]],
        [["refusal", "m", "not-finite", "3"], ["problem", "words", "trace\nback\t\\"]],
        [["log", "warning", "words"], ["oddtime", "m", "12"], ["end", "restart"]],
        [["point", "m", "", "-1", "i", "9223372036854775807", "k"]],
    ]

    /// All that a child can write to the pipe of frames.
    private static let frames = FuzzTarget(
        "Python frames",
        corpus: records.map { PythonFrame($0).bytes } + [records.flatMap { PythonFrame($0).bytes }],
        words: [
            "point\t", "reading\t", "resets\t9223372036854775807\n", "refusal\t", "\tnan\t",
            "\tinf\t",
            "\t-9223372036854775808\t", "\n", "\t", "\\", "end\tok",
        ]
    ) { bytes in
        var rest = bytes[...]
        // Most mutations break the length, behind which nothing would be read.
        if bytes.count > 4, bytes.count % 4 != 0 {
            let length = UInt32(bytes.count - 4)
            for index in 0..<4 { rest[index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
        }
        var outcome = PythonOutcome()
        var taken = 0
        while let frame = PythonFrame.take(from: &rest) {
            taken += 1
            outcome.add(frame)
        }
        if taken > bytes.count / 4 { return "\(taken) frames" }
        if outcome.points.count + outcome.readings.count > bytes.count { return "too many points" }
        if !(0...Int(Int32.max)).contains(outcome.counterResets) {
            return "\(outcome.counterResets) resets"
        }
        for refusal in outcome.refusals where !(0...Int(Int32.max)).contains(refusal.count) {
            return "\(refusal.count) refusals"
        }
        var sample = CheckTargets.sample()
        for point in outcome.points {
            sample.gauge(
                point.metric, point.value, type: point.type, tags: point.tags,
                timestampNs: point.timestampNs)
        }
        sample.take(readings: outcome.readings, counterResets: outcome.counterResets)
        for reading in outcome.readings {
            // What a module names may be what the daemon itself counts.
            _ = sample.ratePerSecond(of: reading.key, .integer(1))
        }
        _ = sample.ownReadings()
        return fault(of: sample, bytes)
    }

    private static let frameRoundTrip = FuzzTarget(
        "Python frames, there and back", texts: ["a\tb\nc", "\\\t\\\\\n\\t\\n", "", "é\n\n"],
        words: ["\\", "\t", "\n", "\\t", "\\n"]
    ) { bytes in
        let words = String(decoding: bytes, as: UTF8.self).split(
            separator: " ", omittingEmptySubsequences: false
        ).map(String.init)
        let frame = PythonFrame([words, ["next"], words])
        var bytes = frame.bytes[...]
        return PythonFrame.take(from: &bytes) == frame && bytes.isEmpty ? nil : "it is another"
    }

    private static let tracebacks = FuzzTarget(
        "tracebacks and printed lines",
        texts: [
            "Traceback (most recent call last):\n  File \"/x/check_a.py\", line 3, in f\n    1/0\nE: x",
            "Fatal Python error\n\nThread 0x1 (most recent call first):\n  File \"<string>\", line 2",
        ], words: ["File \"", "\"", "\n", "    ", ", line", "<puypuy"]
    ) { bytes in
        let traceback = FaultTraceback(String(decoding: bytes, as: UTF8.self))
        // A byte that is no text becomes three.
        if traceback.text.utf8.count > 3 * bytes.count { return "it grew" }
        for line in OutputLines.printable(bytes) where line.count > 200 || line.contains("\n") {
            return "a line of \(line.count)"
        }
        return nil
    }

    // MARK: What every sample must be

    private static func moment(_ seconds: Int) -> Moment {
        let ns = Int64(seconds) * 1_000_000_000
        return Moment(wallNs: ns, bootNs: ns, bootID: "boot")
    }

    static func sample(
        of check: String = "fuzz", at seconds: Int = 1, rates: RateTable = RateTable()
    )
        -> Sample
    {
        Sample(
            check: check, timestampNs: 1, moment: moment(seconds), baseTags: ["host": "h"],
            rates: rates)
    }

    /// What is wrong with a sample that was made of these bytes.
    static func fault(of sample: Sample, _ bytes: [UInt8]) -> String? {
        if sample.points.count > bytes.count + 100 { return "\(sample.points.count) points" }
        for point in sample.points {
            if !point.value.isFinite { return "a point of \(point.value)" }
            if point.series.metric.isEmpty { return "a point without a name" }
        }
        return nil
    }
}
