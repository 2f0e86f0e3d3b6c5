internal import PuyPuyCore

/// Takes secrets out of texts that people see. A server or a proxy may repeat in its answer what it
/// was sent.
struct SecretMask: Sendable {
    private let secrets: [String]

    /// A mask for the password or token, and for the password in `proxy`.
    init(_ credentials: Credentials, proxy: String? = nil) {
        var secrets: [String] = []
        switch credentials {
        case .none: break
        case .basic(let user, let password):
            secrets = [SecretMask.base64("\(user):\(password)"), password]
        case .token(let token): secrets = [token]
        }
        // A shorter word is in every text, so its mask would only tell where.
        secrets = secrets.filter { $0.utf8.count >= 4 }
        if let proxy, let at = proxy.lastIndex(of: "@") {
            // libcurl repeats a proxy that it cannot read.
            let start = proxy.firstRange(of: "://")?.upperBound ?? proxy.startIndex
            let user = proxy[start..<at]
            secrets.append(String(user))
            if let colon = user.firstIndex(of: ":"), user[colon...].utf8.count > 4 {
                secrets.append(String(user[user.index(after: colon)...]))
            }
        }
        self.secrets = secrets
    }

    /// `text` with `***` in place of every secret.
    func mask(_ text: String) -> String {
        secrets.reduce(text) { $0.replacing($1, with: "***") }
    }

    /// `outcome` with its texts masked.
    func mask(_ outcome: Outcome) -> Outcome {
        if secrets.isEmpty { return outcome }
        return switch outcome {
        case .accepted: .accepted
        case .acceptedExcept(let rejections):
            .acceptedExcept(
                rejections.map { Outcome.Rejection(row: $0.row, reason: mask($0.reason)) })
        case .refused(let reason, let suspects):
            .refused(reason: mask(reason), suspects: suspects)
        case .tooLarge(let reason): .tooLarge(reason: mask(reason))
        case .unreachable(let reason): .unreachable(reason: mask(reason))
        case .transient(let reason, let retryAfter):
            .transient(reason: mask(reason), retryAfter: retryAfter)
        case .doubtful(let reason, let retryAfter):
            .doubtful(reason: mask(reason), retryAfter: retryAfter)
        case .postponed: outcome
        case .misconfigured(let reason, let hint):
            .misconfigured(reason: mask(reason), hint: mask(hint))
        }
    }

    /// RFC 4648, section 4: the form of a Basic header.
    static func base64(_ text: String) -> String {
        let alphabet = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let bytes = Array(text.utf8)
        var encoded: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(0) { $0 << 8 | UInt32($1) }
            bits <<= UInt32(8 * (3 - group.count))
            for position in 0..<4 {
                let index = Int(bits >> UInt32(18 - 6 * position) & 63)
                encoded.append(position <= group.count ? alphabet[index] : UInt8(ascii: "="))
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
