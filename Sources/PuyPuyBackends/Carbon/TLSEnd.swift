internal import Glibc

/// TLS's own end of a stream, `close_notify` (RFC 8446, section 6.1), made with the OpenSSL that
/// libcurl uses.
///
/// libcurl offers no half-close of a TLS connection. A bare FIN looks like an attack that cut the
/// stream: relays then throw away what they have not passed on yet. So the record is made by
/// OpenSSL's SSL_shutdown(3), into memory, and sent by whoever asked for it. The functions are looked
/// up in the running program: it is linked to libcurl and not to OpenSSL.
enum TLSEnd {
    /// The record that ends our side of `session`, an `SSL`, which can still be read from then on;
    /// `nil` when there is no such OpenSSL, or it declines. Nothing may be written to the session
    /// afterwards.
    static func record(of session: UnsafeMutableRawPointer) -> [UInt8]? {
        guard let functions, let memory = functions.newBIO(functions.memoryMethod()) else {
            return nil
        }
        // The session takes the BIO over, and lets go of the one that leads to the socket; that
        // one is still used for reading.
        functions.setWriteBIO(session, memory)
        guard functions.shutdown(session) >= 0 else { return nil }
        // An alert takes 31 bytes at most, with TLS 1.2 and AES-GCM; with CBC a few blocks more.
        var record = [UInt8](repeating: 0, count: 512)
        let count = functions.readBIO(memory, &record, Int32(record.count))
        return count > 0 ? Array(record[..<Int(count)]) : nil
    }

    private struct Functions: Sendable {
        typealias Pointer = UnsafeMutableRawPointer
        let memoryMethod: @Sendable @convention(c) () -> Pointer?
        let newBIO: @Sendable @convention(c) (Pointer?) -> Pointer?
        let readBIO: @Sendable @convention(c) (Pointer?, Pointer?, Int32) -> Int32
        let setWriteBIO: @Sendable @convention(c) (Pointer?, Pointer?) -> Void
        let shutdown: @Sendable @convention(c) (Pointer?) -> Int32

        init?() {
            guard let memoryMethod = dlsym(nil, "BIO_s_mem"), let newBIO = dlsym(nil, "BIO_new"),
                let readBIO = dlsym(nil, "BIO_read"),
                let setWriteBIO = dlsym(nil, "SSL_set0_wbio"),
                let shutdown = dlsym(nil, "SSL_shutdown")
            else { return nil }
            self.memoryMethod = unsafeBitCast(
                memoryMethod, to: (@Sendable @convention(c) () -> Pointer?).self)
            self.newBIO = unsafeBitCast(
                newBIO, to: (@Sendable @convention(c) (Pointer?) -> Pointer?).self)
            self.readBIO = unsafeBitCast(
                readBIO, to: (@Sendable @convention(c) (Pointer?, Pointer?, Int32) -> Int32).self)
            self.setWriteBIO = unsafeBitCast(
                setWriteBIO, to: (@Sendable @convention(c) (Pointer?, Pointer?) -> Void).self)
            self.shutdown = unsafeBitCast(
                shutdown, to: (@Sendable @convention(c) (Pointer?) -> Int32).self)
        }
    }

    private static let functions = Functions()
}
