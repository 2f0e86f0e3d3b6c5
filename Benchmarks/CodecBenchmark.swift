import PuyPuyCore

/// Encoding and decoding of batches of 1,000 and of 10,000 points, of all shapes, on one core.
///
/// The yardsticks are what memcpy(3) and `gzip -1` take for the same points as they are in memory: 24
/// bytes for series, time and value.
enum CodecBenchmark {
    private static let pointsInAll = 500_000
    /// Compression is so slow that fewer points do.
    private static let compressedPoints = 50_000

    static func run() throws -> [Figure] {
        var figures: [Figure] = []
        for shape in Shape.allCases {
            for pointsPerBatch in [1_000, 10_000] {
                figures += try run(shape, pointsPerBatch)
            }
        }
        return figures
    }

    private static func run(_ shape: Shape, _ pointsPerBatch: Int) throws -> [Figure] {
        let blocks = shape.blocks(pointsInAll / pointsPerBatch, points: pointsPerBatch)
        let encoded = blocks.map { BatchCodec.encode($0) }
        let points = Double(pointsInAll)
        let name = "codec, \(shape.rawValue), \(pointsPerBatch)"
        let raw = blocks.map(rawBytes)
        let few = raw.prefix(compressedPoints / pointsPerBatch)
        var compressedBytes = 0
        let compressing = try medianCPUSeconds {
            compressedBytes = try few.reduce(0) { try $0 + Gzip.compressedBytes($1) }
        }
        let gzip = Double(compressedPoints) / compressing
        var copy = [UInt8](repeating: 0, count: raw[0].count)
        let copying = medianCPUSeconds {
            for bytes in raw { copy.withUnsafeMutableBytes { $0.copyBytes(from: bytes) } }
        }
        let memcpy = points / copying
        let encoding = medianCPUSeconds {
            var buffer: [UInt8] = []
            for block in blocks { buffer = BatchCodec.encode(block, into: buffer) }
        }
        let decoding = medianCPUSeconds {
            for bytes in encoded {
                let block = bytes.withUnsafeBytes { try? BatchCodec.decode($0) }
                precondition(block?.count == pointsPerBatch)
            }
        }
        let size = Double(encoded.reduce(0) { $0 + $1.count }) / points
        let gzipSize = Double(compressedBytes) / Double(compressedPoints)
        return [
            Figure(
                "\(name): encode", points / encoding, "points/s",
                [("gzip -1", gzip), ("memcpy", memcpy)]),
            Figure("\(name): decode", points / decoding, "points/s", [("memcpy", memcpy)]),
            Figure("\(name): size", size, "bytes/point", [("gzip -1", gzipSize)]),
        ]
    }

    /// The columns of `block` one behind the other.
    private static func rawBytes(_ block: PointBlock) -> [UInt8] {
        let values = block.values.map { value in
            switch value {
            case .double(let double): Int64(bitPattern: double.bitPattern)
            case .integer(let integer): integer
            }
        }
        return [block.seriesIDs, block.timestampsNs, values].flatMap { column in
            column.withUnsafeBytes { Array($0) }
        }
    }
}
