import Testing

@testable import PuyPuyBackends

@Suite struct ServerAddressTests {
    @Test(arguments: [
        ("http://localhost:8086", "http://localhost:8086"),
        ("http://localhost:8086/", "http://localhost:8086"),
        ("https://db.example.com/influx/", "https://db.example.com/influx"),
        ("http://[::1]:8086", "http://[::1]:8086"),
    ]) func `an address loses only the slash at its end`(text: String, base: String) throws {
        #expect(try ServerAddress(text).base == base)
    }

    @Test(arguments: [
        "", "localhost", "localhost:8086", "ftp://localhost", "file:///etc/passwd", "http://",
        "http://host:port", "http://host:99999", "http://a b", "http://host/?db=x", "http://host#x",
    ]) func `what is no address is refused with a hint`(text: String) {
        let error = #expect(throws: BackendsError.self) { try ServerAddress(text) }
        #expect(error?.kind == .misconfigured)
        #expect(error?.hint.isEmpty == false)
    }

    @Test(arguments: [
        "http://admin:hunter22@host:8086", "http://host:8086/?u=admin&p=hunter22",
        "host:8086?p=hunter22", "admin:hunter22@host",
    ]) func `a password in the address is refused and not repeated`(text: String) {
        let error = #expect(throws: BackendsError.self) { try ServerAddress(text) }
        #expect(error?.description.contains("hunter22") == false)
    }

    @Test func `queries are encoded byte for byte`() {
        #expect(ServerAddress.queryEncoded("my db/ü&=~") == "my%20db%2F%C3%BC%26%3D~")
    }
}
