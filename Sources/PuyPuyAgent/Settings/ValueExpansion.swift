/// Puts variables of the environment into values: `${NAME}`.
///
/// A value that holds no `${` is taken as it is, so that existing passwords like `Te$ting` or
/// `a$$b` stay what they are. In a value that does, `$$` stands for a `$`, so `$${` is a plain `${`.
enum ValueExpansion {
    /// Why a value cannot be expanded.
    struct Failure: Error, Hashable {
        /// A clause that names the variable.
        let message: String
        /// What the operator can do.
        let hint: String
    }

    /// `text` with its variables replaced by what `environment` knows.
    static func expand(
        _ text: String, environment: (String) -> String?
    ) throws(Failure) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        let source = Array(text.utf8)
        guard isTemplate(source) else { return text }
        var expanded: [UInt8] = []
        var index = 0
        while index < source.count {
            let byte = source[index]
            guard byte == UInt8(ascii: "$"), index + 1 < source.count else {
                expanded.append(byte)
                index += 1
                continue
            }
            if source[index + 1] == UInt8(ascii: "$") {
                expanded.append(byte)
                index += 2
            } else if source[index + 1] == UInt8(ascii: "{") {
                guard let end = source[index...].firstIndex(of: UInt8(ascii: "}")) else {
                    throw Failure(message: "${ without its }", hint: "write $${ for a plain ${")
                }
                let name = String(decoding: source[(index + 2)..<end], as: UTF8.self)
                expanded += Array(try value(of: name, environment: environment).utf8)
                index = end + 1
            } else {
                expanded.append(byte)
                index += 1
            }
        }
        return String(decoding: expanded, as: UTF8.self)
    }

    private static func isTemplate(_ source: [UInt8]) -> Bool {
        zip(source, source.dropFirst()).contains {
            $0 == UInt8(ascii: "$") && $1 == UInt8(ascii: "{")
        }
    }

    private static func value(
        of name: String, environment: (String) -> String?
    ) throws(Failure) -> String {
        let isName =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte)
                    || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            }
        if !isName {
            throw Failure(
                message: "${\(name)} does not name a variable", hint: "write $${ for a plain ${")
        }
        guard let value = environment(name) else {
            throw Failure(
                message: "the environment variable \(name) is not set",
                hint: "set \(name), under systemd with Environment= or EnvironmentFile=")
        }
        return value
    }
}
