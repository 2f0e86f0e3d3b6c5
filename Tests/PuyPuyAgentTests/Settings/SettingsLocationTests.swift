import PuyPuyAgent
import Testing

@Suite struct SettingsLocationTests {
    @Test func `what is named on the command line goes before the environment`() throws {
        let environment = { (name: String) in name == "PUYPUY_CONFIG" ? "/b.ini" : nil }
        #expect(
            try SettingsLocation.find(argument: "/a.ini", environment: environment).path == "/a.ini"
        )
        #expect(
            try SettingsLocation.find(argument: nil, environment: environment).path == "/b.ini")
    }

    @Test func `a relative path is made absolute and named as it was`() {
        let location = SettingsLocation("./conf/")
        #expect(location.label == "conf")
        #expect(location.path.hasPrefix("/"))
        #expect(location.path.hasSuffix("/conf"))
    }
}
