/// Maps names into the characters that OpenTSDB stores safely, so that they can be mapped back.
///
/// OpenTSDB takes letters, digits and `-_./`, and keeps names as ISO-8859-1 (`Tags.validateString`,
/// `UniqueId.CHARSET`), so that only ASCII letters are safe. Every other byte of the UTF-8 text
/// becomes `_xHH`, its value in two hexadecimal digits, upper case: `a b` is `a_x20b`. Where a name
/// itself holds `_x` and two such digits, that `_` is written as `_x5F`. Whoever reads a name from
/// left to right and replaces every `_xHH` by its byte has the original; so two different names
/// never become one.
enum OpenTSDBName {
    /// Adds `name`, mapped, to `bytes`.
    static func append(_ name: String, to bytes: inout [UInt8]) {
        var rest = Substring(name).utf8
        while let byte = rest.popFirst() {
            if !isTaken(byte) || byte == UInt8(ascii: "_") && looksEscaped(rest) {
                bytes += [
                    UInt8(ascii: "_"), UInt8(ascii: "x"), digit(byte >> 4), digit(byte & 15),
                ]
            } else {
                bytes.append(byte)
            }
        }
    }

    private static func isTaken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    /// Whether what follows a `_` would make it the beginning of an escape.
    private static func looksEscaped(_ rest: Substring.UTF8View) -> Bool {
        let next = rest.prefix(3)
        return next.count == 3 && next.first == UInt8(ascii: "x")
            && next.dropFirst().allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            || UInt8(ascii: "A")...UInt8(ascii: "F") ~= byte
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
