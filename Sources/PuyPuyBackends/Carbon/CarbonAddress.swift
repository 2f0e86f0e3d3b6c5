/// The address of a Carbon, checked: `tcp://host:2004`, or `tls://host:port` for a relay.
struct CarbonAddress: Sendable, Equatable {
    /// Carbon's port for pickles, where the address names none.
    static let defaultPort = 2004

    /// The address as people know it, for messages.
    let shown: String
    /// What libcurl connects to: it knows no schemes but those of its protocols.
    let url: String
    /// Whether TLS is spoken.
    let usesTLS: Bool

    /// Reads an address by libcurl's own rules, so that what passes here works there.
    init(_ text: String) throws(BackendsError) {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        let schemes = ["tcp": "http", "tls": "https"]
        guard parts.count == 2, let scheme = schemes[parts[0].lowercased()] else {
            throw CarbonAddress.refusal(text, "it is not of the form tcp://HOST:PORT")
        }
        var authority = parts[1]
        if authority.hasSuffix("/") { authority.removeLast() }
        guard !authority.isEmpty, !authority.contains(where: { "/?#@\\".contains($0) }) else {
            throw CarbonAddress.refusal(text, "there is more in it than a host and a port")
        }
        let name = authority.lastIndex(of: "]").map { authority[$0...] } ?? authority
        let port = name.contains(":") ? "" : ":\(CarbonAddress.defaultPort)"
        do throws(BackendsError) {
            url = try ServerAddress("\(scheme)://\(authority)\(port)").base
        } catch {
            throw CarbonAddress.refusal(text, error.cause)
        }
        usesTLS = scheme == "https"
        shown = "\(parts[0].lowercased())://\(authority)\(port)"
    }

    /// Does not repeat what may hold a password.
    private static func refusal(_ text: String, _ cause: String) -> BackendsError {
        let shown = text.contains("@") ? "" : String(text.prefix { $0 != "?" && $0 != "#" })
        return BackendsError(
            .misconfigured, operation: "read the address", subject: "'\(shown)'", cause: cause,
            hint: "write it like tcp://HOST:2004, or tls://HOST:PORT for a relay with TLS")
    }
}
