internal import PuyPuyCore

/// What one run of a module gave, as the host told it.
struct PythonOutcome: Sendable {
    /// A point of a module.
    struct MadePoint: Sendable {
        let metric: String
        let type: String
        let timestampNs: Int64
        let value: Value
        let tags: Tags
    }

    /// Something that went wrong.
    struct Problem: Sendable, Equatable {
        /// One line, with file and line of the module.
        let words: String
        /// The traceback; empty when there is none.
        let traceback: String
    }

    /// A line for the log.
    struct LogLine: Sendable {
        let level: String
        let words: String
    }

    var points: [MadePoint] = []
    /// Readings of counters, under keys of the module's own.
    var readings: [RateChange] = []
    var counterResets = 0
    var refusals: [Refusal] = []
    var problems: [Problem] = []
    var log: [LogLine] = []
    /// A metric with a timestamp more than a day away, and that timestamp.
    var oddTime: (metric: String, timestamp: String)?
    /// The beginning of what the module printed, and wrote to standard error.
    var printed = CapturedOutput()
    var errors = CapturedOutput()
    /// True when the host wants to be ended: threads of the module live on in it.
    var needsRestart = false
    /// True when the last record is here.
    var isComplete = false

    /// Takes a frame in. Records that are not understood are left out: the host is of this program.
    mutating func add(_ frame: PythonFrame) {
        for record in frame.records { add(record) }
    }

    private mutating func add(_ record: [String]) {
        switch record[0] {
        case "point" where record.count >= 6: addPoint(record)
        case "reading" where record.count == 7: addReading(record)
        case "resets" where record.count == 2:
            counterResets = min(
                counterResets + PythonOutcome.count(record[1], otherwise: 0),
                PythonOutcome.largestCount)
        case "refusal" where record.count == 4:
            refusals.append(
                Refusal(
                    metric: String(record[1].prefix(200)),
                    reason: RefusalReason(rawValue: record[2]) ?? .unreadable,
                    count: PythonOutcome.count(record[3], otherwise: 1)))
        case "problem" where record.count == 3:
            problems.append(Problem(words: record[1], traceback: record[2]))
        case "log" where record.count == 3:
            log.append(LogLine(level: record[1], words: record[2]))
        case "oddtime" where record.count == 3: oddTime = (record[1], record[2])
        case "end" where record.count == 2:
            needsRestart = record[1] == "restart"
            isComplete = true
        default: break
        }
    }

    private mutating func addPoint(_ record: [String]) {
        guard let timestampNs = Int64(record[3]),
            let value = PythonOutcome.value(kind: record[4], text: record[5])
        else { return }
        var tags: [(key: String, value: String)] = []
        for position in stride(from: 6, to: record.count - 1, by: 2) {
            tags.append((record[position], record[position + 1]))
        }
        points.append(
            MadePoint(
                metric: record[1], type: record[2], timestampNs: timestampNs, value: value,
                tags: Tags(tags)))
    }

    private mutating func addReading(_ record: [String]) {
        guard let value = PythonOutcome.value(kind: record[2], text: record[3]),
            let wallNs = Int64(record[4]), let bootNs = Int64(record[5])
        else { return }
        let moment = Moment(wallNs: wallNs, bootNs: bootNs, bootID: record[6])
        readings.append(
            RateChange(key: record[1], state: RateState(value: value, moment: moment)))
    }

    /// Counts are added up, here and in the spool: a larger one can only be a mistake.
    private static let largestCount = Int(Int32.max)

    private static func count(_ text: String, otherwise missing: Int) -> Int {
        min(max(0, Int(text) ?? missing), largestCount)
    }

    private static func value(kind: String, text: String) -> Value? {
        kind == "i" ? Int64(text).map { .integer($0) } : Double(text).map { .double($0) }
    }
}

extension RateState {
    /// The state as a record for the host, under the module's own `key`.
    func record(key: String) -> [String] {
        let (kind, text) =
            switch value {
            case .integer(let integer): ("i", "\(integer)")
            case .double(let double): ("d", "\(double)")
            }
        return [
            "reading", key, kind, text, "\(moment.wallNs)", "\(moment.bootNs)", moment.bootID,
        ]
    }
}
