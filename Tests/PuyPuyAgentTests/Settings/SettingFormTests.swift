import Testing

@testable import PuyPuyAgent

@Suite struct SettingFormTests {
    @Test(arguments: ["True", "TRUE", "yes", "On", "1"])
    func `flags can be said in many ways`(_ text: String) {
        #expect(SettingForm.flag(text) == true)
    }

    @Test(arguments: ["False", "no", "OFF", "0"])
    func `and so can their contrary`(_ text: String) {
        #expect(SettingForm.flag(text) == false)
    }

    @Test(arguments: [
        ("10", Duration.seconds(10)), ("0.5", .milliseconds(500)), ("90s", .seconds(90)),
        ("5m", .seconds(300)), ("2 h", .seconds(7200)), ("1D", .seconds(86400)),
    ])
    func `a time is a number of seconds, or has a unit`(_ text: String, _ expected: Duration) {
        #expect(
            SettingForm.duration(text, unitSeconds: 1, range: 0...1_000_000) == expected)
    }

    @Test func `hours are counted in hours`() {
        #expect(
            SettingForm.duration("24", unitSeconds: 3600, range: 0...48) == .seconds(24 * 3600))
        #expect(SettingForm.duration("2d", unitSeconds: 3600, range: 0...48) == .seconds(48 * 3600))
        #expect(SettingForm.duration("3d", unitSeconds: 3600, range: 0...48) == nil)
        #expect(SettingForm.text(.seconds(5400), unitSeconds: 3600) == "1.5")
    }

    @Test func `a number is told from what is none, in its range or not`() {
        for text in ["0", "-5", "99999999999999999999999"] {
            #expect(SettingForm.whole(1...2).isNumber(text), "\(text)")
        }
        for text in ["0", "-5", "30d", "1000000000"] {
            #expect(SettingForm.seconds(1...2).isNumber(text), "\(text)")
            #expect(SettingForm.hours(1...2).isNumber(text), "\(text)")
        }
        for text in ["", "-", "1.5", "2GB"] {
            #expect(!SettingForm.whole(1...2).isNumber(text), "\(text)")
        }
        #expect(!SettingForm.seconds(1...2).isNumber("soon"))
        #expect(!SettingForm.text.isNumber("1"))
    }

    @Test(arguments: ["", "s", "-1", "1e3", "nan", "inf", "0x10", "1.2.3", "1w", "1 2", "+5", ".5"])
    func `anything else is no time`(_ text: String) {
        #expect(SettingForm.duration(text, unitSeconds: 1, range: 0...1_000_000) == nil)
    }
}
