/// Who may ask the web server: `allowedip` and `apikey`.
struct WebAccess: Sendable {
    private let allowed: AddressSet?
    private let apiKey: [UInt8]?

    /// The access that `settings` give.
    init(_ settings: WebSettings) {
        allowed = settings.allowed
        apiKey = settings.apiKey.map { Array($0.utf8) }
    }

    /// Whether the network needs a key at all.
    var hasKey: Bool { apiKey != nil }

    /// Why `request` is refused; `nil` when it may be answered. The control socket checks the other
    /// side's user instead. What says only that the daemon lives needs no key.
    func refusal(_ request: WebRequest, needsKey: Bool) -> WebAnswer? {
        guard case .network(let address) = request.origin else { return nil }
        if let allowed, !allowed.contains(address) {
            return .text(403, "\(address) may not ask here: it is not in allowedip")
        }
        guard needsKey, let apiKey else { return nil }
        guard let given = WebAccess.key(request) else {
            var answer = WebAnswer.text(
                401, "a key is missing: send the header Apikey, or Authorization: Bearer")
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        }
        guard WebAccess.isEqual(Array(given.utf8), apiKey) else {
            var answer = WebAnswer.text(401, "the key is wrong")
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        }
        return nil
    }

    private static func key(_ request: WebRequest) -> String? {
        if let key = request.apiKey { return key }
        guard let words = request.authorization?.split(separator: " ", maxSplits: 1),
            words.count == 2, words[0].lowercased() == "bearer"
        else { return nil }
        return String(words[1])
    }

    /// Compares in a time that depends only on the length of `given`, so that the time of an answer
    /// tells nothing about how much of a guess was right.
    private static func isEqual(_ given: [UInt8], _ key: [UInt8]) -> Bool {
        var difference = given.count ^ key.count
        for (index, byte) in given.enumerated() where !key.isEmpty {
            difference |= Int(byte ^ key[index % key.count])
        }
        return difference == 0
    }
}
