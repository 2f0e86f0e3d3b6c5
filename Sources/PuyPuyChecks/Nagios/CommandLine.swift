/// A command line that is split into words as a shell splits it, and never given to one.
///
/// Blanks and tabs keep words apart. Quotes of both kinds keep blanks, and a backslash the character
/// behind it, outside of single quotes. Everything else is plain: `;`, `|`, `$`, `*` and the like are
/// parts of words.
struct CommandLine: Equatable {
    /// The words.
    let words: [String]

    /// Why a command line cannot be split.
    enum Problem: Error, Equatable {
        /// A quote has no end.
        case openQuote
    }

    /// Splits `text`.
    init(_ text: String) throws(Problem) {
        var words: [String] = []
        var word = ""
        // A word may be empty, in quotes.
        var isWord = false
        var quote: Unicode.Scalar?
        var isEscaped = false
        // Scalars: a quote is one also when a combining character follows.
        for character in text.unicodeScalars {
            if isEscaped {
                // In double quotes only these lose their backslash.
                let isPlain = quote == nil || character == "\"" || character == "\\"
                if !isPlain { word.unicodeScalars.append("\\") }
                word.unicodeScalars.append(character)
                isEscaped = false
            } else if character == "\\" && quote != "'" {
                isEscaped = true
                isWord = true
            } else if let open = quote {
                if character == open {
                    quote = nil
                } else {
                    word.unicodeScalars.append(character)
                }
            } else if character == "\"" || character == "'" {
                quote = character
                isWord = true
            } else if character.properties.isWhitespace {
                if isWord { words.append(word) }
                (word, isWord) = ("", false)
            } else {
                word.unicodeScalars.append(character)
                isWord = true
            }
        }
        if quote != nil { throw .openQuote }
        if isEscaped { word.unicodeScalars.append("\\") }
        if isWord { words.append(word) }
        self.words = words
    }
}
