import Testing

@testable import PuyPuyAgent

@Suite struct WebQueryTests {
    @Test func `names and values are decoded, and come in order`() throws {
        let query = try WebQuery("a=1&b=x%20y+z&a=%C3%A9&c&d=a%3Db=c", names: ["a", "b", "c", "d"])
        #expect(query.all("a") == ["1", "é"])
        #expect(try query.one("b") == "x y z")
        #expect(try query.one("c") == "" && query.one("d") == "a=b=c")
        #expect(try query.one("e") == nil)
        #expect(try WebQuery("", names: []).all("a").isEmpty)
    }

    @Test(arguments: [("x=1", "x"), ("a=1&y", "y"), ("a=%zz", "a"), ("%ff=1", "%ff"), ("=1", "")])
    func `what is unknown or cannot be read is named`(_ text: String, _ name: String) {
        let error = #expect(throws: WebParameterError.self) {
            try WebQuery(text, names: ["a"])
        }
        #expect(error?.parameter == name)
    }

    @Test(arguments: ["", "1.5", "x", "0", "11", "99999999999999999999", "0x5", " 5"])
    func `a number that does not fit is refused with its bounds`(_ text: String) throws {
        let query = try WebQuery("n=" + text.replacing(" ", with: "%20"), names: ["n"])
        let error = #expect(throws: WebParameterError.self) { try query.integer("n", in: 1...10) }
        #expect(error?.parameter == "n" && error?.message.contains("from 1 to 10") == true)
    }

    @Test(arguments: ["", "nan", "inf", "x", "1e99", "1,5"])
    func `seconds that are no number or too many are refused`(_ text: String) throws {
        let query = try WebQuery("n=\(text)", names: ["n"])
        #expect(throws: WebParameterError.self) { try query.seconds("n", in: -1e9...1e9) }
    }

    @Test func `a parameter that is there twice is refused where one is meant`() throws {
        let query = try WebQuery("n=1&n=2", names: ["n"])
        #expect(throws: WebParameterError.self) { try query.integer("n", in: 1...10) }
    }
}
