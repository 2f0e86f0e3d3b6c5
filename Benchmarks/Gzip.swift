import CZlib

/// `gzip -1` as a yardstick.
enum Gzip {
    /// Why nothing was compressed.
    struct Failure: Error {
        let code: Int32
    }

    /// How many bytes `bytes` take when they are compressed at level 1.
    static func compressedBytes(_ bytes: [UInt8]) throws -> Int {
        var stream = z_stream()
        let code = puypuy_deflate_init_gzip(&stream, 1)
        guard code == Z_OK else { throw Failure(code: code) }
        defer { deflateEnd(&stream) }
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
        var input = bytes
        let result = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                return deflate(&stream, Z_FINISH)
            }
        }
        guard result == Z_STREAM_END else { throw Failure(code: result) }
        return Int(stream.total_out)
    }
}
