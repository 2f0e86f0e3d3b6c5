/// Reads columns of integers that ``ColumnWriter`` wrote. Bytes are not trusted: every block is checked
/// against the end of the bytes and of the column before its values are read.
extension ByteReader {
    /// Reads a column of `count` values into `column`, which has room for them. Returns the value when
    /// it is one block of a single value.
    @discardableResult
    mutating func column(
        _ count: Int, into column: UnsafeMutablePointer<Int64>
    ) throws(BatchDamage) -> Int64? {
        var done = 0
        while done < count {
            let head = try byte()
            let rest = count - done
            var size = rest
            if head & ColumnWriter.isLast == 0 {
                let stored = try unsigned()
                guard stored > 0, stored < UInt64(rest) else { throw .malformed }
                size = Int(stored)
            }
            let width = Int(head & ~ColumnWriter.isLast)
            let block = column + done
            switch width {
            case 0:
                let value = try signed()
                block.update(repeating: value, count: size)
                if size == count { return value }
            case 1...64: try unpack(size, width: width, into: block)
            case Int(ColumnWriter.ownLengths): try readOwnLengths(size, into: block)
            default: throw .malformed
            }
            done += size
        }
        return nil
    }

    /// Reads `size` values of `width` bits.
    private mutating func unpack(
        _ size: Int, width: Int, into block: UnsafeMutablePointer<Int64>
    ) throws(BatchDamage) {
        let low = try signed()
        let byteCount = (size * width + 7) / 8
        guard left >= byteCount else { throw .truncated }
        // `offset` is within the bytes, which are not empty: a head was read.
        let start = bytes.baseAddress! + offset
        let mask = UInt64.max &>> UInt64(64 - width)
        // So many values begin 9 bytes before the end, and can be read by words.
        let quick = left < 9 ? 0 : min(size, ((left - 9) * 8 + 7) / width + 1)
        if width <= 57 {
            // With up to 7 bits before them they are in one word.
            for index in 0..<quick {
                let bit = index &* width
                let word = start.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self)
                let bits = (UInt64(littleEndian: word) &>> UInt64(bit & 7)) & mask
                block[index] = low &+ Int64(bitPattern: bits)
            }
        } else {
            for index in 0..<quick {
                let bit = index &* width
                let word = start.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self)
                let next = UInt64(start.load(fromByteOffset: bit &>> 3 &+ 8, as: UInt8.self))
                let shift = UInt64(bit & 7)
                // Two shifts, since one of 64 would be none.
                let bits =
                    (UInt64(littleEndian: word) &>> shift | (next &<< (63 &- shift)) &<< 1) & mask
                block[index] = low &+ Int64(bitPattern: bits)
            }
        }
        for index in quick..<size {
            let bit = index * width
            var bits: UInt64 = 0
            var have = -(bit & 7)
            var place = offset + bit / 8
            while have < width {
                let byte = UInt64(bytes[place])
                bits |= have < 0 ? byte >> UInt64(-have) : byte << UInt64(have)
                have += 8
                place += 1
            }
            block[index] = low &+ Int64(bitPattern: bits & mask)
        }
        offset += byteCount
    }

    /// Reads `size` values of their own length.
    private mutating func readOwnLengths(
        _ size: Int, into block: UnsafeMutablePointer<Int64>
    ) throws(BatchDamage) {
        let nibbleBytes = (size + 1) / 2
        guard left >= nibbleBytes else { throw .truncated }
        let start = bytes.baseAddress!
        let nibbles = offset
        var place = offset + nibbleBytes
        for index in 0..<size {
            let pair = start.load(fromByteOffset: nibbles &+ index / 2, as: UInt8.self)
            let length = Int(index & 1 == 0 ? pair & 0xF : pair &>> 4)
            guard length <= 8 else { throw .malformed }
            var bits: UInt64 = 0
            if bytes.count &- place >= 8 {
                let word = start.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                // A shift by 64 leaves nothing, which is right.
                bits = UInt64(littleEndian: word) & ~(UInt64.max << UInt64(8 &* length))
            } else {
                guard bytes.count - place >= length else { throw .truncated }
                for byte in 0..<length { bits |= UInt64(bytes[place + byte]) << UInt64(8 * byte) }
            }
            block[index] = unzigzag(bits)
            place &+= length
        }
        offset = place
    }
}
