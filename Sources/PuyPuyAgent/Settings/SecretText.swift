/// Hides secrets in what people see.
public enum SecretText {
    /// What stands for a secret.
    public static let mask = "********"

    /// `text` with the password of every address in it masked: `http://user:********@host`, and the
    /// values of query keys that hold secrets, such as `p=` and `token=`.
    public static func maskingCredentials(_ text: String) -> String {
        maskingQuery(maskingUserInfo(text))
    }

    /// Whether a check's option called `key` holds a secret, by its name.
    public static func isSecret(_ key: String) -> Bool {
        let words = key.lowercased().split { !$0.isLetter && !$0.isNumber }
        return words.contains { secretWords.contains(String($0)) }
    }

    private static let secretWords: Set<String> = [
        "pass", "passwd", "password", "token", "secret", "apikey", "passphrase", "community",
    ]

    private static let secretQueryKeys: Set<String> = [
        "p", "pass", "password", "token", "apikey", "api_key", "secret", "access_token",
    ]

    private static func maskingUserInfo(_ text: String) -> String {
        var masked = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "://") {
            masked += rest[..<start.upperBound]
            rest = rest[start.upperBound...]
            let end = rest.firstIndex { "/?# \t\n".contains($0) } ?? rest.endIndex
            if let at = rest[..<end].lastIndex(of: "@") {
                if let colon = rest[..<at].firstIndex(of: ":") {
                    masked += rest[...colon] + mask
                } else {
                    masked += rest[..<at]
                }
                rest = rest[at...]
            }
        }
        return masked + rest
    }

    private static func maskingQuery(_ text: String) -> String {
        guard let question = text.firstIndex(of: "?") else { return text }
        let pairs = text[text.index(after: question)...]
            .split(separator: "&", omittingEmptySubsequences: false)
        let masked = pairs.map { pair -> String in
            guard let equals = pair.firstIndex(of: "="),
                secretQueryKeys.contains(pair[..<equals].lowercased())
            else { return String(pair) }
            return pair[...equals] + mask
        }
        return text[...question] + masked.joined(separator: "&")
    }
}
