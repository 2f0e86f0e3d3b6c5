/// Bytes in the gzip form (RFC 1952), for who compresses now and then.
public enum GzipText {
    /// `bytes` compressed; `nil` when they are so few that it is not worth it, or zlib has no memory.
    public static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count >= GzipEncoder.worthwhileBytes, let encoder = try? GzipEncoder() else {
            return nil
        }
        return bytes.withUnsafeBytes { [UInt8](encoder.compress($0)) }
    }
}
