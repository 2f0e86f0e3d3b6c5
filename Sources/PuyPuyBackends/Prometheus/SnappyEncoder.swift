internal import CSnappy

/// Compresses request bodies in snappy's block format, which remote write asks for.
///
/// Not Sendable: it belongs to the thread of its backend. Source:
/// github.com/google/snappy/blob/main/format_description.txt
final class SnappyEncoder {
    private var output = UnsafeMutableBufferPointer<CChar>(start: nil, count: 0)

    deinit { output.deallocate() }

    /// The snappy form of `body`. The bytes are valid until the next call.
    func compress(_ body: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let bound = snappy_max_compressed_length(body.count)
        if output.count < bound {
            output.deallocate()
            output = .allocate(capacity: bound)
        }
        var count = output.count
        let status = snappy_compress(
            body.assumingMemoryBound(to: CChar.self).baseAddress, body.count, output.baseAddress,
            &count)
        precondition(status == SNAPPY_OK, "snappy_max_compressed_length gave too little room")
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(output)[..<count])
    }
}
