/// One plain HTTP/1.0 exchange with a server on loopback: the test servers' own way to ask, apart
/// from the transport under test.
public struct LoopbackRequest {
    /// The answer's status.
    public let status: Int
    /// The answer's body.
    public let body: [UInt8]

    /// Sends `method` `target` and `body` to `port` and waits for the end of the answer.
    public init(
        _ method: String, _ target: String, port: UInt16, headers: [String] = [],
        body: [UInt8] = [], timeoutSeconds: Int = 60
    ) throws(TestSupportError) {
        let connection = try LoopbackSocket(connectingTo: port, timeout: timeoutSeconds)
        var head = "\(method) \(target) HTTP/1.0\r\nHost: 127.0.0.1\r\n"
        for header in headers { head += header + "\r\n" }
        head += "Content-Length: \(body.count)\r\n\r\n"
        connection.send(head.utf8)
        connection.send(body)
        var answer: [UInt8] = []
        while connection.receive(into: &answer) {}
        guard let end = LoopbackRequest.endOfHead(answer) else {
            throw TestSupportError("port \(port) gave no whole answer to \(method) \(target)")
        }
        let words = answer[..<end].split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard words.count > 1, let status = Int(String(decoding: words[1], as: UTF8.self)) else {
            throw TestSupportError("port \(port) gave no status to \(method) \(target)")
        }
        self.status = status
        self.body = Array(answer[end...])
    }

    /// Where the body starts.
    static func endOfHead(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            for index in 3..<bytes.count
            where bytes[index] == 10 && bytes[index - 1] == 13 && bytes[index - 2] == 10 {
                return index + 1
            }
            return nil
        }
    }

    /// `text` with all but letters, digits and `-._` percent-encoded.
    public static func percentEncoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = Array("0123456789ABCDEF")
                encoded.append("%")
                encoded.append(digits[Int(byte >> 4)])
                encoded.append(digits[Int(byte & 15)])
            }
        }
        return encoded
    }
}
