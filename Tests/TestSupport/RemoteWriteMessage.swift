internal import CSnappy
public import PuyPuyCore

/// A request of Prometheus' remote write 1.0, decoded and checked as the specification has it: the
/// oracle of the encoder and of the stand-in.
///
/// Source: prometheus.io/docs/specs/prw/remote_write_spec
public struct RemoteWriteMessage {
    /// One series with its samples. The label `__name__` is the metric.
    public struct TimeSeries {
        /// Metric and labels, as they were sent.
        public let series: Series
        /// Milliseconds since the epoch, ascending, and values.
        public let samples: [(timeMs: Int64, value: Double)]
    }

    /// The series in the order of the message.
    public let series: [TimeSeries]

    /// Decodes the body of a request, which is compressed.
    public init(compressed body: [UInt8]) throws(TestSupportError) {
        try self.init(message: try RemoteWriteMessage.uncompressed(body))
    }

    /// Decodes a message that is not compressed.
    public init(message: [UInt8]) throws(TestSupportError) {
        var found: [TimeSeries] = []
        for (number, field) in try ProtobufField.fields(of: message[...]) {
            guard number == 1, case .bytes(let bytes) = field else {
                throw TestSupportError("unknown field \(number) of WriteRequest")
            }
            found.append(try RemoteWriteMessage.timeSeries(bytes))
        }
        guard Set(found.map(\.series)).count == found.count else {
            throw TestSupportError("a series is there twice")
        }
        series = found
    }

    private static func uncompressed(_ body: [UInt8]) throws(TestSupportError) -> [UInt8] {
        var count = 0
        var output: [UInt8] = []
        let status = body.withUnsafeBytes { input in
            let start = input.assumingMemoryBound(to: CChar.self).baseAddress
            guard snappy_uncompressed_length(start, input.count, &count) == SNAPPY_OK else {
                return SNAPPY_INVALID_INPUT
            }
            output = [UInt8](repeating: 0, count: count)
            return output.withUnsafeMutableBytes {
                snappy_uncompress(
                    start, input.count, $0.assumingMemoryBound(to: CChar.self).baseAddress, &count)
            }
        }
        guard status == SNAPPY_OK else { throw TestSupportError("snappy: corrupt input") }
        return output
    }

    private static func timeSeries(_ bytes: ArraySlice<UInt8>) throws(TestSupportError)
        -> TimeSeries
    {
        var labels: [(name: String, value: String)] = []
        var samples: [(timeMs: Int64, value: Double)] = []
        for (number, field) in try ProtobufField.fields(of: bytes) {
            switch (number, field) {
            case (1, .bytes(let label)): labels.append(try RemoteWriteMessage.label(label))
            case (2, .bytes(let sample)): samples.append(try RemoteWriteMessage.sample(sample))
            default: throw TestSupportError("unknown field \(number) of TimeSeries")
            }
        }
        let names = labels.map { Array($0.name.utf8) }
        guard zip(names, names.dropFirst()).allSatisfy({ $0.lexicographicallyPrecedes($1) }) else {
            throw TestSupportError("labels are not sorted, or not unique")
        }
        guard zip(samples, samples.dropFirst()).allSatisfy({ $0.timeMs < $1.timeMs }),
            !samples.isEmpty
        else { throw TestSupportError("samples are not in the order of time") }
        let metric = labels.first { $0.name == "__name__" }?.value ?? ""
        guard isName(metric, takesColon: true) else {
            throw TestSupportError("invalid metric name \(metric)")
        }
        return TimeSeries(
            series: Series(
                metric: metric,
                tags: Tags(
                    labels.filter { $0.name != "__name__" }.map { (key: $0.name, value: $0.value) })
            ),
            samples: samples)
    }

    private static func label(
        _ bytes: ArraySlice<UInt8>
    ) throws(TestSupportError) -> (name: String, value: String) {
        var texts: [Int: String] = [:]
        for (number, field) in try ProtobufField.fields(of: bytes) {
            guard case .bytes(let text) = field, let text = String(validating: text, as: UTF8.self)
            else { throw TestSupportError("a label is no text") }
            texts[number] = text
        }
        let (name, value) = (texts[1] ?? "", texts[2] ?? "")
        guard isName(name, takesColon: false) else {
            throw TestSupportError("invalid label name \(name)")
        }
        guard !value.isEmpty else { throw TestSupportError("label \(name) is empty") }
        return (name, value)
    }

    private static func sample(
        _ bytes: ArraySlice<UInt8>
    ) throws(TestSupportError) -> (timeMs: Int64, value: Double) {
        var value = 0.0
        var timeMs: Int64 = 0
        for (number, field) in try ProtobufField.fields(of: bytes) {
            switch (number, field) {
            case (1, .fixed64(let bits)): value = Double(bitPattern: bits)
            case (2, .varint(let bits)): timeMs = Int64(bitPattern: bits)
            default: throw TestSupportError("unknown field \(number) of Sample")
            }
        }
        guard value.isFinite else { throw TestSupportError("a value is not finite") }
        return (timeMs, value)
    }

    private static func isName(_ name: String, takesColon: Bool) -> Bool {
        guard let first = name.utf8.first, !(48...57).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: takesColon && byte == UInt8(ascii: ":")
            }
        }
    }
}

/// A field of a protobuf message.
private enum ProtobufField {
    case varint(UInt64)
    case fixed64(UInt64)
    case bytes(ArraySlice<UInt8>)

    static func fields(
        of message: ArraySlice<UInt8>
    ) throws(TestSupportError) -> [(number: Int, field: ProtobufField)] {
        var rest = message
        var fields: [(number: Int, field: ProtobufField)] = []
        while !rest.isEmpty {
            let tag = try varint(&rest)
            switch tag & 7 {
            case 0: fields.append((Int(tag >> 3), .varint(try varint(&rest))))
            case 1:
                guard rest.count >= 8 else { throw TestSupportError("protobuf ends early") }
                let bits = rest.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
                rest = rest.dropFirst(8)
                fields.append((Int(tag >> 3), .fixed64(bits)))
            case 2:
                let count = Int(try varint(&rest))
                guard count <= rest.count else { throw TestSupportError("protobuf ends early") }
                fields.append((Int(tag >> 3), .bytes(rest.prefix(count))))
                rest = rest.dropFirst(count)
            default: throw TestSupportError("unknown wire type \(tag & 7)")
            }
        }
        return fields
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) throws(TestSupportError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw TestSupportError("protobuf ends early") }
            value |= UInt64(byte & 127) << shift
            if byte < 128 { return value }
        }
        throw TestSupportError("a varint is too long")
    }
}
