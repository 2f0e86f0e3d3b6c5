internal import CZlib

/// `bytes` without their gzip compression; empty when they are damaged.
public func gunzipped(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    guard puypuy_inflate_init_gzip(&stream) == Z_OK else { return [] }
    defer { inflateEnd(&stream) }
    var input = bytes
    var output: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    return input.withUnsafeMutableBufferPointer { input in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        while true {
            let (code, count) = piece.withUnsafeMutableBufferPointer { piece in
                stream.next_out = piece.baseAddress
                stream.avail_out = UInt32(piece.count)
                let code = inflate(&stream, Z_NO_FLUSH)
                return (code, piece.count - Int(stream.avail_out))
            }
            output += piece[..<count]
            if code == Z_STREAM_END { return output }
            if code != Z_OK { return [] }
        }
    }
}
