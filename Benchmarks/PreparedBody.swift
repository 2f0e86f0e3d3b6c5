import Glibc

/// Sends bodies that were prepared before, as `curl --data-binary @file` does: what a drain would reach if
/// points cost nothing to read, to encode and to acknowledge.
enum PreparedBody {
    /// Seconds for one request with each of `bodies` to the server on `port` of loopback, one after the
    /// other.
    static func seconds(_ bodies: [[UInt8]], port: UInt16) throws -> Double {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw ScratchFolder.Failure("127.0.0.1:\(port)", errno) }
        let requests = bodies.map { body in
            let head =
                "POST /write?db=bench HTTP/1.1\r\nHost: bench\r\nContent-Length: \(body.count)\r\n\r\n"
            return Array(head.utf8) + body
        }
        var answer = [UInt8](repeating: 0, count: 4096)
        let elapsed = ContinuousClock().measure {
            for request in requests {
                var sent = 0
                while sent < request.count {
                    let count = request.withUnsafeBytes { bytes in
                        send(descriptor, bytes.baseAddress! + sent, bytes.count - sent, 0)
                    }
                    precondition(count > 0, "the server is gone")
                    sent += count
                }
                precondition(recv(descriptor, &answer, answer.count, 0) > 0, "the server is gone")
                precondition(
                    answer.starts(with: "HTTP/1.1 204".utf8), "the server refuses the body")
            }
        }
        return elapsed / .seconds(1)
    }
}
