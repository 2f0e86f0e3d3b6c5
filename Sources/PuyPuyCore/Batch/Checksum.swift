internal import CChecksum

/// CRC-32C (Castagnoli), the checksum of iSCSI (RFC 3720, appendix B.4) and of ext4's metadata.
///
/// It finds every damage of up to 32 neighbouring bits, and so every single damaged byte. Computed by
/// the processor's own instruction, or else eight bytes at a step from tables ("slicing by 8").
enum Checksum {
    /// The reflected form of the polynomial 0x1EDC6F41.
    private static let polynomial: UInt32 = 0x82F6_3B78

    private static let hasInstruction = puypuy_has_crc32c()

    /// `tables[k * 256 + b]` is the checksum of byte `b` followed by `k` zero bytes.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var remainder = UInt32(byte)
            for _ in 0..<8 {
                remainder = (remainder >> 1) ^ (remainder & 1 == 1 ? polynomial : 0)
            }
            tables[byte] = remainder
        }
        for index in 256..<(8 * 256) {
            let previous = tables[index - 256]
            tables[index] = (previous >> 8) ^ tables[Int(previous & 0xFF)]
        }
        return tables
    }()

    /// The checksum of `bytes`.
    static func crc32c(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        guard hasInstruction else { return crc32cByTables(bytes) }
        return ~puypuy_crc32c(~0, bytes.baseAddress, bytes.count)
    }

    /// The same, on any processor.
    static func crc32cByTables(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var remainder = ~UInt32(0)
            var offset = 0
            while offset + 8 <= bytes.count {
                let word = UInt64(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                let low = UInt32(truncatingIfNeeded: word) ^ remainder
                let high = UInt32(truncatingIfNeeded: word >> 32)
                remainder =
                    tables[7 * 256 + Int(low & 0xFF)]
                    ^ tables[6 * 256 + Int((low >> 8) & 0xFF)]
                    ^ tables[5 * 256 + Int((low >> 16) & 0xFF)]
                    ^ tables[4 * 256 + Int(low >> 24)]
                    ^ tables[3 * 256 + Int(high & 0xFF)]
                    ^ tables[2 * 256 + Int((high >> 8) & 0xFF)]
                    ^ tables[256 + Int((high >> 16) & 0xFF)]
                    ^ tables[Int(high >> 24)]
                offset += 8
            }
            while offset < bytes.count {
                remainder =
                    (remainder >> 8) ^ tables[Int((remainder ^ UInt32(bytes[offset])) & 0xFF)]
                offset += 1
            }
            return ~remainder
        }
    }
}
