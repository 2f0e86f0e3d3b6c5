import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct OpenTSDBNameTests {
    static func mapped(_ name: String) -> String {
        var bytes: [UInt8] = []
        OpenTSDBName.append(name, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// As the documentation tells a reader to do it: every `_xHH` is its byte.
    static func restored(_ mapped: String) -> String {
        let bytes = Array(mapped.utf8)
        var restored: [UInt8] = []
        var position = 0
        while position < bytes.count {
            let digits = bytes[position...].dropFirst(2).prefix(2)
            if bytes[position...].starts(with: "_x".utf8), digits.count == 2,
                digits.allSatisfy({ "0123456789ABCDEF".utf8.contains($0) }),
                let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                restored.append(byte)
                position += 4
            } else {
                restored.append(bytes[position])
                position += 1
            }
        }
        return String(decoding: restored, as: UTF8.self)
    }

    @Test(arguments: [
        ("cpu_load", "cpu_load"), ("/var/log", "/var/log"), ("a-b.c/D9", "a-b.c/D9"),
        ("a b", "a_x20b"), ("é", "_xC3_xA9"), ("a=b,c", "a_x3Db_x2Cc"), ("\"\\", "_x22_x5C"),
        ("\u{0}\n", "_x00_x0A"), ("a_x20b", "a_x5Fx20b"), ("_x2", "_x2"), ("_xZZ", "_xZZ"),
        ("_x2g", "_x2g"), ("_xab", "_xab"), ("__x41", "__x5Fx41"), ("_x ", "_x_x20"), ("", ""),
        ("_x2 ", "_x2_x20"), ("_x5F", "_x5Fx5F"),
    ]) func `a name is mapped into the server's characters`(name: String, wire: String) {
        #expect(Self.mapped(name) == wire)
        #expect(Self.restored(wire) == name)
    }

    @Test(arguments: 1...5) func `two names never become one, and every name can be restored`(
        seed: UInt64
    ) {
        var generator = SeededGenerator(seed: seed)
        let letters = [
            "_", "x", "2", "0", "5", "F", "A", " ", "é", "_x", "_x5F", "a", "\u{0}", "-",
        ]
        let taken = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./")
        var names: [String: String] = [:]
        for _ in 0..<20_000 {
            let name = (0..<Int.random(in: 0...7, using: &generator))
                .map { _ in letters.randomElement(using: &generator)! }.joined()
            let wire = Self.mapped(name)
            #expect(wire.allSatisfy(taken.contains))
            #expect(Self.restored(wire) == name)
            if let other = names.updateValue(name, forKey: wire) { #expect(other == name) }
        }
    }
}
