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
}
