/// A pattern for names, as shells have it: `*` stands for any text, `?` for any one byte.
public struct Glob: Sendable, Hashable, CustomStringConvertible {
    private let pattern: [UInt8]

    /// A pattern.
    public init(_ pattern: String) { self.pattern = Array(pattern.utf8) }

    /// The pattern.
    public var description: String { String(decoding: pattern, as: UTF8.self) }

    /// Whether `name` is as the pattern says, from its first to its last byte.
    public func matches(_ name: String) -> Bool {
        let text = Array(name.utf8)
        var position = 0
        var inPattern = 0
        // Where to go on when a guess about the last star turns out wrong.
        var star: (pattern: Int, text: Int)?
        while position < text.count {
            if inPattern < pattern.count, pattern[inPattern] == UInt8(ascii: "*") {
                star = (inPattern, position)
                inPattern += 1
            } else if inPattern < pattern.count,
                pattern[inPattern] == text[position] || pattern[inPattern] == UInt8(ascii: "?")
            {
                inPattern += 1
                position += 1
            } else if let guess = star {
                star = (guess.pattern, guess.text + 1)
                inPattern = guess.pattern + 1
                position = guess.text + 1
            } else {
                return false
            }
        }
        return pattern[inPattern...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
