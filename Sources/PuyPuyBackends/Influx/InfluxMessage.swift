/// The error text in an answer of InfluxDB: `{"error":"…"}` of 1.x and 3.x, `{"code":"invalid",
/// "message":"…"}` of 2.x.
///
/// Bytes, because the text quotes lines that are matched byte for byte.
struct InfluxMessage: Sendable, Equatable {
    /// The text, without JSON's escapes.
    var bytes: [UInt8]
    /// False when the body ended before the text did.
    var isWhole: Bool

    /// The text for people.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Reads the text under `key` in `body`; `nil` when it is not of that form.
    init?(body: [UInt8], key wanted: String = "error") {
        var json = InfluxJSON(body)
        guard json.take("{") else { return nil }
        repeat {
            guard let key = json.string(), key.isWhole, json.take(":") else { return nil }
            if key.bytes.elementsEqual(wanted.utf8) {
                guard let text = json.string() else { return nil }
                bytes = text.bytes
                isWhole = text.isWhole
                return
            }
            guard json.skipValue() else { return nil }
        } while json.take(",")
        return nil
    }
}
