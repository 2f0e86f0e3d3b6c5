internal import Logging

extension LogLine {
    /// `line` as a terminal or the journal wants it.
    ///
    /// - Parameters:
    ///   - hasPriority: Puts the priority in front that the journal reads, see sd-daemon(3).
    ///   - hasColour: Colours the level: red for errors, yellow for warnings, dim for debug.
    static func dressed(
        _ line: String, level: Logger.Level, hasPriority: Bool, hasColour: Bool
    ) -> String {
        if hasPriority { return "<\(priority(level))>" + line }
        guard hasColour, let colour = colour(level),
            let word = line.firstRange(of: " \(level.rawValue) ")
        else { return line }
        return line[..<word.lowerBound] + " \u{1B}[\(colour)m\(level.rawValue)\u{1B}[0m "
            + line[word.upperBound...]
    }

    /// The priorities of syslog(3).
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .critical: 2
        case .error: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug, .trace: 7
        }
    }

    private static func colour(_ level: Logger.Level) -> String? {
        switch level {
        case .critical, .error: "31"
        case .warning: "33"
        case .notice: "36"
        case .info: nil
        case .debug, .trace: "2"
        }
    }
}
