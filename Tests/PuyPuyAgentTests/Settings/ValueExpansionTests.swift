import Testing

@testable import PuyPuyAgent

@Suite struct ValueExpansionTests {
    private let environment = ["NAME": "value", "EMPTY": "", "_a1": "x"]

    private func expand(_ text: String) -> String? {
        try? ValueExpansion.expand(text) { environment[$0] }
    }

    @Test(arguments: [
        ("${NAME}", "value"), ("a${NAME}b${_a1}", "avaluebx"), ("${EMPTY}", ""),
        ("$$${NAME}", "$value"), ("$${NAME}", "${NAME}"), ("$x${NAME}$", "$xvalue$"),
    ])
    func `variables are put in, and doubled signs made single beside them`(
        _ text: String, _ expected: String
    ) {
        #expect(expand(text) == expected)
    }

    @Test(arguments: ["Te$ting", "a$$b", "$NAME", "$", "", "{NAME}"])
    func `a value without a variable stays what it is`(_ text: String) {
        #expect(expand(text) == text)
    }

    @Test func `what cannot be expanded is named`() {
        #expect(throws: ValueExpansion.Failure.self) {
            try ValueExpansion.expand("${OTHER}") { environment[$0] }
        }
        for text in ["${NAME", "${}", "${a b}", "${é}"] { #expect(expand(text) == nil) }
    }
}
