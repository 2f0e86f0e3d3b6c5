/// A server's words as a log line bears them.
enum AnswerText {
    /// So much of a text is repeated.
    private static let maxCharacters = 500

    /// `HTTP 400: …` on one line, without control characters.
    static func reason(_ status: Int, _ text: String) -> String {
        let line = line(text)
        return line.isEmpty ? "HTTP \(status)" : "HTTP \(status): \(line)"
    }

    /// As ``reason(_:_:)``, with a body that is no text of the server's own form.
    static func reason(_ response: HTTPResponse) -> String {
        reason(response.status, String(decoding: response.body, as: UTF8.self))
    }

    private static func line(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars.prefix(maxCharacters) {
            if scalar.properties.generalCategory == .control {
                if line.last != " " { line.append(" ") }
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}
