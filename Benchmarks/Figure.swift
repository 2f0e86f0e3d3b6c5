/// One measured figure, and what yardsticks of the same run reached.
struct Figure {
    let name: String
    let value: Double
    let unit: String
    let yardsticks: [(name: String, value: Double)]

    init(
        _ name: String, _ value: Double, _ unit: String,
        _ yardsticks: [(name: String, value: Double)] = []
    ) {
        self.name = name
        self.value = value
        self.unit = unit
        self.yardsticks = yardsticks
    }

    /// Columns for people; behind a figure how many times a yardstick it is.
    static func table(_ figures: [Figure]) -> String {
        let width = figures.map(\.name.count).max() ?? 0
        return figures.map { figure in
            let name = figure.name + String(repeating: " ", count: width - figure.name.count)
            let number = grouped(figure.value)
            let ratios = figure.yardsticks.map {
                "\(grouped(figure.value / $0.value)) × \($0.name)"
            }
            return "\(name)  " + String(repeating: " ", count: max(0, 12 - number.count)) + number
                + " \(figure.unit)"
                + (ratios.isEmpty ? "" : "  (" + ratios.joined(separator: ", ") + ")")
        }.joined(separator: "\n")
    }

    /// An array of objects for programs. Names and units hold nothing that JSON escapes.
    static func json(_ figures: [Figure]) -> String {
        let objects = figures.map { figure in
            let yardsticks = figure.yardsticks.map { "\"\($0.name)\": \($0.value)" }
            return "  {\"name\": \"\(figure.name)\", \"value\": \(figure.value), "
                + "\"unit\": \"\(figure.unit)\", "
                + "\"yardsticks\": {\(yardsticks.joined(separator: ", "))}}"
        }
        return "[\n" + objects.joined(separator: ",\n") + "\n]"
    }

    /// `1,234,567` from a thousand on, two decimals below.
    static func grouped(_ value: Double) -> String {
        guard value >= 1000 else {
            let hundredths = Int((value * 100).rounded())
            let rest = hundredths % 100
            return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
        }
        var text = ""
        for (index, digit) in "\(Int(value.rounded()))".reversed().enumerated() {
            if index > 0 && index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}

/// The median seconds of five runs of `body`, after one that does not count, by the clock on the wall.
func medianSeconds(_ body: () throws -> Void) rethrows -> Double {
    try body()
    let clock = ContinuousClock()
    return median(try (0..<5).map { _ in seconds(try clock.measure(body)) })
}

/// The same in processor time of the calling thread, for what does no I/O: what others do on the
/// machine counts less.
func medianCPUSeconds(_ body: () throws -> Void) rethrows -> Double {
    try body()
    return median(
        try (0..<5).map { _ in
            let before = Effort.threadSeconds()
            try body()
            return Effort.threadSeconds() - before
        })
}

/// The middle one of an odd number of `values`.
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// `duration` in seconds.
func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
