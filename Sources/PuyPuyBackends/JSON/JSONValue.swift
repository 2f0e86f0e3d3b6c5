/// A JSON value in an answer of a server.
///
/// Read strictly (RFC 8259), but for one thing: of a text that was cut, what came before the cut is
/// there. Numbers stay text, so that nothing is rounded.
enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// A member of an object.
    struct Member: Sendable, Equatable {
        let key: String
        let value: JSONValue
    }

    /// The value under `key` of an object.
    subscript(key: String) -> JSONValue? { members?.last { $0.key == key }?.value }

    /// The members of an object.
    var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The elements of an array.
    var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The text of a string.
    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A number as it was written.
    var numberText: String? {
        if case .number(let text) = self { text } else { nil }
    }

    /// A whole number.
    var integer: Int? { numberText.flatMap { Int($0) } }
}
