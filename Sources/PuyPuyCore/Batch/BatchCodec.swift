/// Points in, bytes out, and the same bits back.
///
/// A batch is self-contained, versioned and checksummed. ``BatchVersion2`` is what is written;
/// ``BatchVersion1`` is still read. `docs/SPOOL.md` has both formats.
public enum BatchCodec {
    /// The version that ``encode(_:into:)`` writes.
    public static let version = BatchVersion2.version

    /// The most points in a batch that is written.
    public static let maxPoints = BatchVersion2.maxPoints

    private static let checksumBytes = 4

    /// Encodes `block`, which has at most ``maxPoints`` points. `buffer` lends its memory.
    public static func encode(_ block: PointBlock, into buffer: consuming [UInt8] = []) -> [UInt8] {
        precondition(block.count <= maxPoints, "a batch of \(block.count) points")
        var bytes = buffer
        bytes.removeAll(keepingCapacity: true)
        let room = BatchVersion2.roomBytes(points: block.count) + checksumBytes
        withUnsafeTemporaryAllocation(byteCount: room, alignment: 8) { memory in
            var writer = ColumnWriter(memory)
            BatchVersion2.encode(block, into: &writer)
            let body = UnsafeRawBufferPointer(rebasing: memory[..<writer.count])
            writer.fixed32(Checksum.crc32c(body))
            bytes.append(contentsOf: memory[..<writer.count])
        }
        return bytes
    }

    /// Decodes a batch; the bytes are not kept.
    public static func decode(_ bytes: UnsafeRawBufferPointer) throws(BatchDamage) -> PointBlock {
        guard bytes.count > checksumBytes else { throw .truncated }
        let body = UnsafeRawBufferPointer(rebasing: bytes.dropLast(checksumBytes))
        let stored = bytes.loadUnaligned(fromByteOffset: body.count, as: UInt32.self)
        guard Checksum.crc32c(body) == UInt32(littleEndian: stored) else { throw .checksum }
        var reader = ByteReader(body)
        let block: PointBlock
        switch try reader.byte() {
        case BatchVersion1.version: block = try BatchVersion1.decode(&reader)
        case BatchVersion2.version: block = try BatchVersion2.decode(&reader)
        case let version: throw .unknownVersion(version)
        }
        guard reader.isAtEnd else { throw .malformed }
        return block
    }

    /// Whether a batch has points of one of `series`: a look at its first column only, without the
    /// checksum, so that bytes which are damaged may be taken for others.
    public static func mentions(
        anyOf series: Set<SeriesID>, _ bytes: UnsafeRawBufferPointer
    ) throws(BatchDamage) -> Bool {
        var reader = ByteReader(bytes)
        let mentioned =
            switch try reader.byte() {
            case BatchVersion1.version: try BatchVersion1.series(&reader)
            case BatchVersion2.version: try BatchVersion2.series(&reader)
            case let version: throw BatchDamage.unknownVersion(version)
            }
        return mentioned.contains { series.contains($0) }
    }
}
