/// What `[WebServer]` says.
public struct WebSettings: Sendable, Hashable {
    /// Whether the web server runs.
    public var isEnabled = false
    /// The address to listen on: a name, an IPv4 or an IPv6 address without brackets.
    public var host = "127.0.0.1"
    /// The port to listen on.
    public var port = 9898
    /// Who may ask; `nil` for everybody.
    public var allowed: AddressSet?
    /// What a request has to bring; `nil` when it need not bring anything.
    public var apiKey: String?

    /// The defaults: off.
    public init() {}

    /// `host` and `port` as they are written: `127.0.0.1:9898`, `[::1]:9898`.
    public var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether only this host can reach the web server.
    var isLocal: Bool { host == "localhost" || AddressSet.isLoopback(host) }

    /// Takes `text` apart: `127.0.0.1:9898`, `0.0.0.0`, `:9898`, `[::1]:9898`, `myhost:9898`; without
    /// a port it is 9898, and without a host every address of this one.
    static func parse(_ text: String) -> (host: String, port: Int)? {
        var host = text[...]
        var port = Substring("\(WebSettings().port)")
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            if !rest.isEmpty {
                guard rest.hasPrefix(":") else { return nil }
                port = rest.dropFirst()
            }
            guard host.contains(":") else { return nil }
        } else if let colon = text.firstIndex(of: ":") {
            // More than one colon and no brackets: an IPv6 address alone.
            if text[text.index(after: colon)...].contains(":") {
                host = text[...]
            } else {
                host = text[..<colon]
                port = text[text.index(after: colon)...]
            }
        }
        if host == "*" { host = "0.0.0.0" }
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port),
            (1...65535).contains(number),
            host.unicodeScalars.allSatisfy({
                $0.isASCII && ($0.properties.isAlphabetic || (0x30...0x39).contains($0.value))
                    || ".-_:%".unicodeScalars.contains($0)
            })
        else { return nil }
        return (host.isEmpty ? "0.0.0.0" : String(host), number)
    }
}
