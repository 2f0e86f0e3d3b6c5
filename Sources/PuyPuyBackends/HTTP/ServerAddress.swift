internal import CCurl

/// The address of a server, checked: `http://host:8086` or `https://host/path`.
struct ServerAddress: Sendable, Equatable {
    /// Scheme, host, port and path, without a slash at the end.
    let base: String

    /// Reads an address by libcurl's own rules, so that what passes here works there.
    ///
    /// Refuses a user and password in it, without repeating them: they have settings of their own.
    init(_ text: String) throws(BackendsError) {
        guard !text.isEmpty else {
            throw ServerAddress.refusal(
                "", "the address is missing", "set address, such as http://localhost:8086")
        }
        guard let handle = curl_url() else {
            throw ServerAddress.refusal("", "no memory", "")
        }
        defer { curl_url_cleanup(handle) }
        guard !text.utf8.contains(UInt8(ascii: "@")) else {
            throw ServerAddress.refusal(
                "", "it holds a user name or an @",
                "give the user and the password in settings of their own")
        }
        let code = curl_url_set(handle, CURLUPART_URL, text, 0)
        guard code == CURLUE_OK else {
            let words = String(cString: curl_url_strerror(code))
            throw ServerAddress.refusal(text, words, "write it like http://HOST:8086")
        }
        let scheme = ServerAddress.part(handle, CURLUPART_SCHEME) ?? ""
        guard scheme == "http" || scheme == "https" else {
            throw ServerAddress.refusal(
                text, "its scheme is \(scheme)", "write it like http://HOST:8086")
        }
        guard ServerAddress.part(handle, CURLUPART_QUERY) == nil,
            ServerAddress.part(handle, CURLUPART_FRAGMENT) == nil
        else {
            throw ServerAddress.refusal(
                text, "it has a query", "leave out what follows the ? or #")
        }
        var whole = ServerAddress.part(handle, CURLUPART_URL) ?? text
        while whole.hasSuffix("/") { whole.removeLast() }
        base = whole
    }

    /// Does not repeat a query, which may hold a password as well.
    private static func refusal(_ text: String, _ cause: String, _ hint: String) -> BackendsError {
        let shown = text.prefix { $0 != "?" && $0 != "#" }
        return BackendsError(
            .misconfigured, operation: "read the address", subject: "'\(shown)'", cause: cause,
            hint: hint)
    }

    private static func part(_ handle: OpaquePointer, _ part: CURLUPart) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, 0) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    /// The path behind an address: `path` with a slash in front, or `usual` when it is empty.
    static func absolute(_ path: String, otherwise usual: String) -> String {
        if path.isEmpty { return usual }
        return path.hasPrefix("/") ? path : "/" + path
    }

    /// `text` for use in a query: all but RFC 3986's unreserved characters as `%XX`.
    static func queryEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.append(byte)
            default:
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
