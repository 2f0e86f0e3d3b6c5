import Testing

@testable import PuyPuyAgent

@Suite struct AddressSetTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.0.0.2", false),
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false),
        ("192.168.4.0/22", "192.168.7.255", true), ("192.168.4.0/22", "192.168.8.0", false),
        ("192.168.1.128/25", "192.168.1.127", false), ("0.0.0.0/0", "8.8.8.8", true),
        ("0.0.0.0/0", "::1", false), ("::/0", "fd00::1", true), ("::1", "::1", true),
        ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::1", false),
        ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::", false),
        ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("::ffff:10.0.0.1", "10.0.0.1", true),
        ("fe80::/10", "fe80::1%eth0", true), ("1.2.3.4/32", "1.2.3.4", true),
        ("127.0.0.1", "nonsense", false), ("127.0.0.1", "", false),
        ("127.0.0.1, 10.0.0.0/8,::1", "10.9.9.9", true), ("127.0.0.1 10.0.0.0/8", "::1", false),
    ])
    func `an address is in a set when it is listed or in a listed network`(
        _ text: String, _ address: String, _ isIn: Bool
    ) throws {
        #expect(try AddressSet(text).contains(address) == isIn)
    }

    @Test(arguments: ["", " ", ",", " , \n"])
    func `nothing listed is an empty set`(_ text: String) throws {
        #expect(try AddressSet(text).isEmpty)
    }

    @Test(arguments: [
        ("host", "host is not an address"), ("10.0.0.1/8", "10.0.0.1 is inside of the network"),
        ("10.0.0.0/33", "/33 is not the length"), ("::/129", "/129 is not the length"),
        ("10.0.0.0/", "/ is not the length"), ("10.0.0.0/-1", "/-1 is not the length"),
        ("10.0.0.0/255.0.0.0", "/255.0.0.0 is not the length"),
        ("10.1/8", "10.1 is not an address"),
        ("127.0.0.1, 300.0.0.1", "300.0.0.1 is not an address"), ("/8", " is not an address"),
    ])
    func `what is no address is refused with its own words`(_ text: String, _ words: String) {
        let failure = #expect(throws: AddressSet.Failure.self) { try AddressSet(text) }
        #expect(failure?.message.hasPrefix(words) == true, "\(failure?.message ?? "")")
    }

    @Test func `an address inside of a network is told the start of it`() {
        let failure = #expect(throws: AddressSet.Failure.self) {
            try AddressSet("2001:db8::7/32")
        }
        #expect(failure?.hint?.contains("2001:db8::/32") == true)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.8.0.1", true), ("::1", true), ("0.0.0.0", false), ("::", false),
        ("10.0.0.1", false), ("fe80::1", false), ("name", false),
    ])
    func `loopback is 127 and ::1`(_ address: String, _ isLoopback: Bool) {
        #expect(AddressSet.isLoopback(address) == isLoopback)
    }
}
