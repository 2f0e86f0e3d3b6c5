import Glibc
import Synchronization
import TestSupport

/// A server on loopback that reads HTTP requests and answers each with 204, and that reads everything
/// else to its end: what a drain reaches when the database costs nothing. A thread a connection.
///
/// `@unchecked Sendable`: the stored properties are constant or atomic.
final class NullSink: @unchecked Sendable {
    /// The port on 127.0.0.1.
    let port: UInt16

    private let listener: Int32
    private let busyNanoseconds = Atomic<Int64>(0)

    /// The processor time that the sink took so far: not that of what is measured.
    var cpuSeconds: Double { Double(busyNanoseconds.load(ordering: .relaxed)) / 1e9 }

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isBound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw ScratchFolder.Failure("127.0.0.1", errno) }
        port = UInt16(bigEndian: address.sin_port)
        startThread { [self] in serve() }
    }

    private func serve() {
        while true {
            let connection = accept(listener, nil, nil)
            if connection < 0 { continue }
            startThread { [self] in
                var room = [UInt8](repeating: 0, count: 1 << 20)
                answer(connection, &room)
                close(connection)
            }
        }
    }

    /// Answers the requests of one connection until it ends. A request's head comes in one piece with
    /// the beginning of its body, or before it.
    private func answer(_ connection: Int32, _ room: inout [UInt8]) {
        let reply = Array("HTTP/1.1 204 No Content\r\n\r\n".utf8)
        let headEnd = Array("\r\n\r\n".utf8)
        var countedSeconds = Effort.threadSeconds()
        func noteTime() {
            let now = Effort.threadSeconds()
            busyNanoseconds.add(Int64((now - countedSeconds) * 1e9), ordering: .relaxed)
            countedSeconds = now
        }
        defer { noteTime() }
        while true {
            let count = recv(connection, &room, room.count, 0)
            if count <= 0 { return }
            guard room[..<count].starts(with: "POST ".utf8) else { continue }
            guard let end = NullSink.find(headEnd, in: room[..<count]) else { return }
            var left = NullSink.contentLength(room[..<end]) - (count - end)
            while left > 0 {
                // MSG_TRUNC throws the bytes away in the kernel: tcp(7).
                let more = recv(connection, nil, min(left, 1 << 20), Int32(MSG_TRUNC))
                if more <= 0 { return }
                left -= more
            }
            _ = send(connection, reply, reply.count, 0)
            noteTime()
        }
    }

    /// The place behind `word`.
    private static func find(_ word: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        bytes.indices.first { bytes[$0...].starts(with: word) }.map { $0 + word.count }
    }

    private static func contentLength(_ head: ArraySlice<UInt8>) -> Int {
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        let line = lines.first { $0.lowercased().hasPrefix("content-length:") }
        return line.flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
    }
}
