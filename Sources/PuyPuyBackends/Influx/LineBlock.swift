internal import PuyPuyCore

/// What the encoder made of one block of points: a request body, and which line is which row.
struct LineBlock: Sendable {
    /// The lines, each with its newline.
    var bytes: [UInt8] = []
    /// Where each line ends in `bytes`, behind its newline.
    var ends: [Int] = []
    /// The row of each line in the block of points.
    var rows: [Int] = []
    /// The time of each line as the point gave it, nanoseconds since the epoch.
    var timestampsNs: [Int64] = []
    /// The points that have no line, since the protocol cannot express them.
    var rejections: [Outcome.Rejection] = []

    /// The number of lines.
    var count: Int { ends.count }

    /// Forgets the lines and keeps the memory.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
        timestampsNs.removeAll(keepingCapacity: true)
        rejections.removeAll(keepingCapacity: true)
    }

    /// Notes that the point in `row` has no line.
    mutating func refuse(_ row: Int, _ reason: String) {
        rejections.append(Outcome.Rejection(row: row, reason: reason))
    }

    /// Line `number`, from 0, without its newline.
    func line(_ number: Int) -> ArraySlice<UInt8> {
        bytes[(number == 0 ? 0 : ends[number - 1])..<(ends[number] - 1)]
    }

    /// The numbers of the lines that begin with `measurement` as it is on the wire.
    func lines(of measurement: [UInt8]) -> [Int] {
        (0..<count).filter { number in
            let line = line(number)
            guard line.starts(with: measurement) else { return false }
            let next = line.dropFirst(measurement.count).first
            return next == UInt8(ascii: ",") || next == UInt8(ascii: " ")
        }
    }

    /// Whether the value of line `number` is written as an integer, `5i`.
    func isInteger(_ number: Int) -> Bool {
        let line = line(number)
        guard let space = line.lastIndex(of: UInt8(ascii: " ")) else { return false }
        return line[..<space].last == UInt8(ascii: "i")
    }

    /// The numbers of the `count` lines with the oldest times.
    func oldest(_ count: Int) -> [Int] {
        Array((0..<self.count).sorted { timestampsNs[$0] < timestampsNs[$1] }.prefix(count))
    }

    /// The numbers of the lines that `quoted` begins with, up to the closing quote.
    func lines(quotedIn quoted: ArraySlice<UInt8>) -> [Int] {
        let end = Array("': ".utf8)
        return (0..<count).filter { number in
            let line = line(number)
            return quoted.starts(with: line) && quoted.dropFirst(line.count).starts(with: end)
        }
    }

    /// What was sent is confirmed but for `rejections`; what was not sent is refused.
    func acceptedExcept(_ rejections: [Outcome.Rejection] = []) -> Outcome {
        let all = (rejections + self.rejections).sorted { $0.row < $1.row }
        return all.isEmpty ? .accepted : .acceptedExcept(all)
    }

    /// Some points are refused, perhaps those of the lines `suspects`; what was not sent is an
    /// offender, too.
    func refused(_ reason: String, suspects: [Int]) -> Outcome {
        let rows = suspects.map { self.rows[$0] } + rejections.map(\.row)
        return .refused(reason: reason, suspects: rows.sorted())
    }

    /// The lines of `rejections` kept all others from being stored: those, and what was not sent,
    /// are settled, and the others go again.
    func settledOnly(_ rejections: [Outcome.Rejection]) -> Attempt {
        let all = (rejections + self.rejections).sorted { $0.row < $1.row }
        return Attempt(.acceptedExcept(all), rows: all.map(\.row))
    }
}
