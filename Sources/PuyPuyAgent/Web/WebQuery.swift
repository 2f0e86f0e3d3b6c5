/// A parameter of a request that cannot be used: the answer is 400, and names it.
struct WebParameterError: Error, Hashable, CustomStringConvertible {
    /// The parameter's name.
    let parameter: String
    /// What is wrong with it: a clause.
    let message: String

    var description: String { "\(parameter): \(message)" }
}

/// The parameters behind the question mark of a request: `name=value&name=value`, percent-encoded,
/// with `+` for a space.
struct WebQuery: Sendable {
    private let pairs: [(name: String, value: String)]

    /// Reads `text`. Throws when a name is not one of `names`, or when the text is not percent-encoded
    /// UTF-8.
    init(_ text: String, names: [String]) throws(WebParameterError) {
        var pairs: [(name: String, value: String)] = []
        for part in text.split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(sides[0]) else {
                throw WebParameterError(
                    parameter: String(sides[0]), message: "it is not percent-encoded UTF-8")
            }
            guard names.contains(name) else {
                throw WebParameterError(
                    parameter: name,
                    message: names.isEmpty
                        ? "this path takes no parameters"
                        : "unknown; there are \(names.joined(separator: ", "))")
            }
            guard let value = sides.count > 1 ? Self.decoded(sides[1]) : "" else {
                throw WebParameterError(
                    parameter: name, message: "it is not percent-encoded UTF-8")
            }
            pairs.append((name, value))
        }
        self.pairs = pairs
    }

    /// Every value of `name`, in order.
    func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    /// The value of `name`; `nil` without one. Throws when there are several.
    func one(_ name: String) throws(WebParameterError) -> String? {
        let values = all(name)
        guard values.count <= 1 else {
            throw WebParameterError(
                parameter: name, message: "it is there \(values.count) times; once is enough")
        }
        return values.first
    }

    /// A whole number within `range`.
    func integer(
        _ name: String, in range: ClosedRange<Int64>
    ) throws(WebParameterError) -> Int64? {
        guard let text = try one(name) else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            throw WebParameterError(
                parameter: name,
                message: "\"\(text.prefix(40))\" is not a whole number from \(range.lowerBound) to"
                    + " \(range.upperBound)")
        }
        return number
    }

    /// A number of seconds within `range`.
    func seconds(
        _ name: String, in range: ClosedRange<Double>
    ) throws(WebParameterError) -> Double? {
        guard let text = try one(name) else { return nil }
        guard let number = Double(text), range.contains(number) else {
            throw WebParameterError(
                parameter: name,
                message: "\"\(text.prefix(40))\" is not a number of seconds that fits")
        }
        return number
    }

    private static func decoded(_ text: Substring) -> String? {
        WebRequest.percentDecoded(
            text.utf8.contains(UInt8(ascii: "+"))
                ? Substring(String(text.map { $0 == "+" ? " " : $0 })) : text)
    }
}
