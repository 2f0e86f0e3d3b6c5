internal import PuyPuyCore

/// One line that a script printed: `name value check_type style [key=value ...]`.
///
/// Words are kept apart by blanks or tabs. `style` is `stack` or `gauge` for a value as it is,
/// `rate` or `counter` for the increase per second, `delta` for the increase, in any case. A
/// missing style is `gauge` and a missing check type `untyped`. Words with a `=` are tags and come
/// last.
struct ScriptLine: Equatable {
    /// What is done with a value.
    enum Style: Equatable {
        /// It is the point.
        case gauge
        /// Its increase per second is the point.
        case rate
        /// Its increase is the point.
        case delta
    }

    /// A line that cannot be used.
    struct Problem: Error, Equatable {
        /// The metric's name, as much of it as could be read.
        let metric: String
        /// The reason as it is counted.
        let reason: RefusalReason
        /// The reason in words.
        let words: String
    }

    let metric: String
    let value: Value
    let checkType: String
    let style: Style
    let tags: Tags

    /// Reads a line without its line feed; a carriage return at its end is ignored. `nil` for a
    /// blank line.
    static func parse(_ line: ArraySlice<UInt8>) throws(Problem) -> ScriptLine? {
        var words = ByteWords(line)
        guard let first = words.next() else { return nil }
        guard let metric = String(validating: first, as: UTF8.self), isPrintable(first) else {
            throw Problem(metric: "", reason: .unreadable, words: "the name is not text")
        }
        func refusal(_ words: String, _ reason: RefusalReason = .unreadable) -> Problem {
            Problem(metric: String(metric.prefix(100)), reason: reason, words: words)
        }
        guard let number = words.next() else { throw refusal("there is no value") }
        guard let value = Value(decimal: number) else {
            throw refusal("\"\(number.prefix(40).text)\" is not a number")
        }
        guard value.isFinite else { throw refusal("the value is not finite", .notFinite) }

        var positional: [String] = []
        var tags: [(key: String, value: String)] = []
        while let word = words.next() {
            guard let text = String(validating: word, as: UTF8.self), isPrintable(word) else {
                throw refusal("a word is not text")
            }
            if let sign = text.firstIndex(of: "=") {
                let tag = (String(text[..<sign]), String(text[text.index(after: sign)...]))
                guard !tag.0.isEmpty, !tag.1.isEmpty else {
                    throw refusal("\"\(text.prefix(40))\" is not key=value")
                }
                tags.append(tag)
            } else if tags.isEmpty && positional.count < 2 {
                positional.append(text)
            } else {
                throw refusal("\"\(text.prefix(40))\" is not key=value")
            }
        }
        let style = positional.count > 1 ? positional[1] : "gauge"
        guard let style = Style(style) else {
            throw refusal("\"\(style.prefix(40))\" is not stack, gauge, rate, counter or delta")
        }
        return ScriptLine(
            metric: metric, value: value, checkType: positional.first ?? "untyped", style: style,
            tags: Tags(tags))
    }

    /// Adds what the line says to `sample`.
    func add(to sample: inout Sample) {
        switch style {
        case .gauge: sample.gauge(metric, value, type: checkType, tags: tags)
        case .rate: sample.rate(metric, value, type: checkType, tags: tags)
        case .delta: sample.delta(metric, value, type: checkType, tags: tags)
        }
    }

    private static func isPrintable(_ word: ArraySlice<UInt8>) -> Bool {
        word.allSatisfy { $0 > 32 && $0 != 127 }
    }
}

extension ScriptLine.Style {
    /// The style of that name, in any case.
    fileprivate init?(_ name: String) {
        switch name.lowercased() {
        case "stack", "gauge": self = .gauge
        case "rate", "counter": self = .rate
        case "delta": self = .delta
        default: return nil
        }
    }
}

extension Value {
    /// A number in decimal: an integer when it is written as one and fits, else a double, NaN and
    /// the infinities included. Hexadecimal and digit separators are refused.
    init?(decimal word: ArraySlice<UInt8>) {
        let text = word.text
        if let integer = Int64(text) {
            self = .integer(integer)
            return
        }
        let isHexadecimal = text.lowercased().contains("x")
        guard !isHexadecimal, let double = Double(text) else { return nil }
        self = .double(double)
    }
}
