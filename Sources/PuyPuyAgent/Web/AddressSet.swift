internal import Glibc

/// Addresses and networks, IPv4 and IPv6: who may ask the web server.
///
/// An IPv4 address stands for itself also when it arrives mapped into IPv6 (`::ffff:10.0.0.1`).
public struct AddressSet: Sendable, Hashable {
    /// Why a word is no address and no network: a clause, and what would be.
    struct Failure: Error, Hashable {
        let word: String
        let message: String
        var hint: String?
    }

    /// The networks; an address is one of full length.
    private var networks: [Network] = []

    /// Reads addresses and networks (`127.0.0.1, 10.0.0.0/8 ::1`), apart by commas or white space.
    init(_ text: String) throws(Failure) {
        let words = text.split { $0 == "," || $0.isWhitespace }
        for word in words { networks.append(try Network(String(word))) }
    }

    /// Whether nothing is in it.
    var isEmpty: Bool { networks.isEmpty }

    /// Whether `address` is in it; false for a text that is no address.
    func contains(_ address: String) -> Bool {
        // The zone of a link-local address (fe80::1%eth0) says where, not who.
        guard let bytes = AddressSet.bytes(String(address.prefix { $0 != "%" })) else {
            return false
        }
        return networks.contains { $0.contains(bytes) }
    }

    /// Whether `address` is this host's own: 127.0.0.0/8 or ::1.
    static func isLoopback(_ address: String) -> Bool {
        guard let bytes = bytes(address) else { return false }
        return bytes.count == 4
            ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }

    /// The 4 or 16 bytes of an address in network order; `nil` when `text` is none. inet_pton(3).
    private static func bytes(_ text: String) -> [UInt8]? {
        var four = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, text, &four) == 1 { return four }
        var sixteen = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, text, &sixteen) == 1 else { return nil }
        let isMapped = sixteen[..<10].allSatisfy { $0 == 0 } && sixteen[10...11] == [0xFF, 0xFF]
        return isMapped ? Array(sixteen[12...]) : sixteen
    }

    private struct Network: Sendable, Hashable {
        let bytes: [UInt8]
        let length: Int

        init(_ word: String) throws(Failure) {
            let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let bytes = AddressSet.bytes(String(parts[0])) else {
                throw Failure(word: word, message: "\(parts[0]) is not an address")
            }
            self.bytes = bytes
            let whole = bytes.count * 8
            guard parts.count > 1 else {
                length = whole
                return
            }
            let digits = parts[1]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
                number <= whole
            else {
                throw Failure(
                    word: word,
                    message: "/\(digits) is not the length of a network from 0 to \(whole)",
                    hint: digits.contains(".") ? "write /24 for /255.255.255.0" : nil)
            }
            length = number
            let start = Network.masked(bytes, length: number)
            guard start == bytes else {
                let meant = Network.text(start)
                throw Failure(
                    word: word, message: "\(parts[0]) is inside of the network, not its start",
                    hint: "write \(meant)/\(number) for the network, or \(parts[0]) for the host")
            }
        }

        func contains(_ address: [UInt8]) -> Bool {
            address.count == bytes.count && Network.masked(address, length: length) == bytes
        }

        private static func masked(_ bytes: [UInt8], length: Int) -> [UInt8] {
            bytes.enumerated().map { index, byte in
                let kept = min(8, max(0, length - index * 8))
                return kept == 0 ? 0 : byte & (0xFF << UInt8(8 - kept))
            }
        }

        /// inet_ntop(3).
        private static func text(_ bytes: [UInt8]) -> String {
            var room = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            let family = bytes.count == 4 ? AF_INET : AF_INET6
            guard inet_ntop(family, bytes, &room, socklen_t(room.count)) != nil else { return "" }
            return room.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        }
    }
}
