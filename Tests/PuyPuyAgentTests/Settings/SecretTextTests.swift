import PuyPuyAgent
import Testing

@Suite struct SecretTextTests {
    @Test(arguments: [
        ("http://u:geheim@h:1/p", "http://u:********@h:1/p"),
        ("http://u:ge:h@eim@h/p?a=b", "http://u:********@h/p?a=b"),
        ("http://u@h", "http://u@h"), ("http://h/a:b@c", "http://h/a:b@c"),
        ("http://h?u=a&p=geheim&q=1", "http://h?u=a&p=********&q=1"),
        ("x http://a:b@c, http://d:e@f", "x http://a:********@c, http://d:********@f"),
        ("nothing", "nothing"), ("", ""),
    ])
    func `passwords in addresses are masked`(_ text: String, _ expected: String) {
        #expect(SecretText.maskingCredentials(text) == expected)
    }

    @Test func `secrets are known by their names`() {
        for key in ["pass", "user_pass", "token", "APIKEY", "privacy-pass", "secret"] {
            #expect(SecretText.isSecret(key), "\(key)")
        }
        for key in ["passive", "user", "tokens_per_second", "path"] {
            #expect(!SecretText.isSecret(key), "\(key)")
        }
    }
}
