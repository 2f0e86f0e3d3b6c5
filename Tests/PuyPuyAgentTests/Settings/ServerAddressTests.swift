import Testing

@testable import PuyPuyAgent

@Suite struct ServerAddressTests {
    @Test(arguments: [
        ("http://h:8086", "http://h:8086"), ("HTTPS://h/a/b//", "https://h/a/b"),
        ("h:8086", "http://h:8086"), ("http://[::1]:8086/", "http://[::1]:8086"),
        ("http://u:p@h", "http://h"),
    ])
    func `addresses are put in one form`(_ text: String, _ expected: String) throws {
        #expect(try ServerAddress(text).url == expected)
    }

    @Test func `credentials in an address are taken out and decoded`() throws {
        let address = try ServerAddress("http://us%40er:p%3Aa:s%@h:1")
        #expect(address.user == "us@er")
        #expect(address.password == "p:a:s%")
        #expect(address.url == "http://h:1")
        #expect(try ServerAddress("http://a:b%+1@h").password == "b%+1", "a sign is no digit")
    }

    @Test(arguments: [
        "", "http://", "http://:80", "http://h:", "http://h:x", "http://h:0", "http://h:65536",
        "ftp://h", "http://h h", "http://h?x", "http://h#x", "http://[::1", "http://[::1]x",
        "http://h:1:2", "http://<h>", "\u{301}h", "http://h\u{70F}", "http://h?\u{301}x",
        "http://u:p@\u{301}h",
    ])
    func `what is no address is refused`(_ text: String) {
        #expect(throws: ServerAddress.Failure.self) { try ServerAddress(text) }
    }

    @Test func `proxies have schemes of their own`() {
        for proxy in ["http://h:3128", "socks5h://u:p@h:1080", "h:3128", "http://h:3128/"] {
            #expect(ServerAddress.isProxy(proxy), "\(proxy)")
        }
        for proxy in ["gopher://h", "http://", "http://h:x", "a b"] {
            #expect(!ServerAddress.isProxy(proxy), "\(proxy)")
        }
    }
}
