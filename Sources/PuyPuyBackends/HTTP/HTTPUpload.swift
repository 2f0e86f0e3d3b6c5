/// The part of a body that libcurl has not asked for yet.
///
/// It belongs to the transport's thread, like the handle whose callback reads from it. The bytes are
/// those of the request under way.
final class HTTPUpload {
    var rest = UnsafeRawBufferPointer(start: nil, count: 0)

    /// Copies what fits into `room`, and returns how much that was.
    func fill(_ room: UnsafeMutableRawBufferPointer) -> Int {
        let piece = rest.prefix(room.count)
        room.copyBytes(from: piece)
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
        return piece.count
    }
}
