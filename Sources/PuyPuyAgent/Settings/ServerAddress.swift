/// The address of a server as people write it, taken apart as far as needed.
struct ServerAddress: Hashable {
    /// Why a text is no address: a clause.
    struct Failure: Error, Hashable {
        let message: String
    }

    /// What is spoken with a server.
    enum Form: Hashable {
        /// http:// or https://, maybe with a path.
        case http
        /// tcp:// or tls://, and port 2004 where none is named.
        case carbon
    }

    /// The address without credentials and without a slash at the end.
    let url: String
    /// The user in it (`http://user:password@host`); `nil` without one.
    let user: String?
    /// The password in it; empty without one.
    let password: String
    /// Whether the text had no `http://` or `https://` and `http://` was put in front. Carbon's
    /// addresses are usually written without a scheme.
    let isSchemeAssumed: Bool

    /// Takes `text` apart.
    init(_ text: String, of form: Form = .http) throws(Failure) {
        if text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
            throw Failure(message: "white space in an address")
        }
        // A sign with such a character behind it, or some before it, would not be found below, but by
        // libcurl. A port may come behind the text.
        if "/\(text):".contains(where: {
            $0.unicodeScalars.count > 1 && $0.utf8.contains { $0 < 0x80 }
        }) {
            throw Failure(message: "a combining character in an address")
        }
        var rest = text[...]
        var scheme = form == .http ? "http" : "tcp"
        isSchemeAssumed = form == .http && !text.contains("://")
        if let separator = text.firstRange(of: "://") {
            scheme = text[..<separator.lowerBound].lowercased()
            rest = text[separator.upperBound...]
        }
        let schemes = form == .http ? ["http", "https"] : ["tcp", "tls"]
        if !schemes.contains(scheme) {
            throw Failure(message: "neither \(schemes[0]):// nor \(schemes[1])://")
        }
        if rest.contains(where: { $0 == "?" || $0 == "#" }) {
            throw Failure(message: "more than host, port and path")
        }
        let pathStart = rest.firstIndex(of: "/") ?? rest.endIndex
        var authority = rest[..<pathStart]
        if let at = authority.lastIndex(of: "@") {
            let pair = authority[..<at].split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = ServerAddress.decoded(pair[0])
            password = pair.count > 1 ? ServerAddress.decoded(pair[1]) : ""
            authority = authority[authority.index(after: at)...]
        } else {
            user = nil
            password = ""
        }
        let hasPort = try ServerAddress.check(authority)
        var path = rest[pathStart...]
        while path.last == "/" { path = path.dropLast() }
        guard form == .carbon else {
            url = "\(scheme)://\(authority)\(path)"
            return
        }
        if user != nil { throw Failure(message: "Carbon knows no users") }
        if !path.isEmpty { throw Failure(message: "Carbon has no paths") }
        url = "\(scheme)://\(authority)" + (hasPort ? "" : ":2004")
    }

    /// Whether `text` can be a proxy: a scheme that libcurl knows, and a host.
    static func isProxy(_ text: String) -> Bool {
        let schemes: Set<String> = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"]
        var rest = text[...]
        if let separator = text.firstRange(of: "://") {
            if !schemes.contains(text[..<separator.lowerBound].lowercased()) { return false }
            rest = text[separator.upperBound...]
        }
        if rest.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) { return false }
        if rest.last == "/" { rest = rest.dropLast() }
        if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
        return (try? check(rest)) != nil
    }

    /// Checks `host`, `host:port` and `[v6]:port`; returns whether there is a port.
    @discardableResult
    private static func check(_ authority: Substring) throws(Failure) -> Bool {
        var host = authority
        var port: Substring?
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else {
                throw Failure(message: "[ without its ]")
            }
            host = authority[...end]
            let rest = authority[authority.index(after: end)...]
            if !rest.isEmpty && rest.first != ":" { throw Failure(message: "not host:port") }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        if host.isEmpty { throw Failure(message: "no host") }
        if host.contains(where: { "/\\@<>\"{}|^`".contains($0) }) {
            throw Failure(message: "not a host's name")
        }
        if let port {
            guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port),
                (1...65535).contains(number)
            else { throw Failure(message: "no port from 1 to 65535") }
        }
        return port != nil
    }

    /// `text` with `%40` and the like replaced.
    private static func decoded(_ text: Substring) -> String {
        let source = Array(text.utf8)
        var bytes: [UInt8] = []
        var index = 0
        while index < source.count {
            if source[index] == UInt8(ascii: "%"), index + 2 < source.count,
                source[index + 1] != UInt8(ascii: "+"),
                let byte = UInt8(
                    String(decoding: source[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                bytes.append(byte)
                index += 3
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
