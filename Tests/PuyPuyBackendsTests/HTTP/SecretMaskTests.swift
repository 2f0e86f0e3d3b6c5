import PuyPuyCore
import Testing

@testable import PuyPuyBackends

@Suite struct SecretMaskTests {
    @Test func `passwords, tokens and headers vanish from every outcome`() {
        let mask = SecretMask(
            .basic(user: "joe", password: "hunter22"), proxy: "http://u:proxypass@proxy:3128")
        let text = "hunter22 \(SecretMask.base64("joe:hunter22")) proxypass"
        let clean = "*** *** ***"
        #expect(mask.mask(text) == clean)
        #expect(
            mask.mask(.acceptedExcept([.init(row: 1, reason: text)]))
                == .acceptedExcept([.init(row: 1, reason: clean)]))
        #expect(
            mask.mask(.refused(reason: text, suspects: [2]))
                == .refused(reason: clean, suspects: [2]))
        #expect(mask.mask(.tooLarge(reason: text)) == .tooLarge(reason: clean))
        #expect(mask.mask(.unreachable(reason: text)) == .unreachable(reason: clean))
        #expect(
            mask.mask(.transient(reason: text, retryAfter: .seconds(1)))
                == .transient(reason: clean, retryAfter: .seconds(1)))
        #expect(
            mask.mask(.misconfigured(reason: text, hint: text))
                == .misconfigured(reason: clean, hint: clean))
        #expect(
            SecretMask(.none, proxy: "http://u:p@h:1").mask("bad proxy http://u:p@h:1")
                == "bad proxy http://***@h:1")
        #expect(SecretMask(.token("abcdef")).mask("Token abcdef") == "Token ***")
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("ÿ~", "w79+"),
    ]) func `base64 is that of RFC 4648`(text: String, encoded: String) {
        #expect(SecretMask.base64(text) == encoded)
    }
}
