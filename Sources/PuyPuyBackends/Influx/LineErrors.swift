internal import PuyPuyCore

/// The lines that InfluxDB 3.x names in `{"error":"…","data":[{"error_message":"…","line_number":2,
/// "original_line":"cpu_load,host=a valu"},…]}`.
///
/// Source: `WriteLineError` in influxdb 3 `influxdb3_types`. Of a line at most 20 bytes are given;
/// earlier releases give it whole. With partial writes refused, `data` is a single line, and the
/// order of the members is another one.
struct LineErrors {
    /// One line that was refused.
    struct LineError {
        var words = InfluxJSON.Text()
        /// From 1.
        var number = 0
        var start = InfluxJSON.Text()
    }

    /// The lines, in the server's order.
    private(set) var errors: [LineError] = []
    /// Whether the list ended, so that no other line was refused.
    private(set) var isWhole = false
    /// Whether the other lines were stored.
    private(set) var othersAreStored = false

    /// Reads `body`; `nil` when it names no lines.
    init?(body: [UInt8]) {
        var json = InfluxJSON(body)
        guard json.take("{") else { return nil }
        repeat {
            guard let key = json.string(), key.isWhole, json.take(":") else { return nil }
            if key.bytes.elementsEqual("data".utf8) {
                readData(&json)
                if errors.isEmpty { return nil }
                return
            }
            guard json.skipValue() else { return nil }
        } while json.take(",")
        return nil
    }

    private mutating func readData(_ json: inout InfluxJSON) {
        if json.take("[") {
            othersAreStored = true
            repeat {
                guard let error = LineErrors.lineError(&json) else { return }
                errors.append(error)
            } while json.take(",")
            isWhole = json.take("]")
        } else if let error = LineErrors.lineError(&json) {
            errors.append(error)
            isWhole = true
        }
    }

    /// One object; `nil` when it is not whole or not of that form.
    private static func lineError(_ json: inout InfluxJSON) -> LineError? {
        guard json.take("{") else { return nil }
        var error = LineError()
        repeat {
            guard let key = json.string(), key.isWhole, json.take(":") else { return nil }
            switch String(decoding: key.bytes, as: UTF8.self) {
            case "error_message":
                guard let words = json.string(), words.isWhole else { return nil }
                error.words = words
            case "line_number":
                guard let number = json.integer() else { return nil }
                error.number = number
            case "original_line":
                guard let start = json.string(), start.isWhole else { return nil }
                error.start = start
            default:
                guard json.skipValue() else { return nil }
            }
        } while json.take(",")
        guard json.take("}") else { return nil }
        return error
    }
}

extension LineErrors.LineError {
    /// The index of the line among `lines`; `nil` when it does not begin as the server says.
    ///
    /// A line that was parsed comes back written anew: without the backslash before a backslash, and
    /// with numbers in another form. So backslashes are left out of the comparison, and it ends
    /// with `value=`.
    func index(in lines: LineBlock) -> Int? {
        guard 1...max(1, lines.count) ~= number, number <= lines.count, !start.bytes.isEmpty else {
            return nil
        }
        let line = lines.line(number - 1)
        guard let space = line.lastIndex(of: UInt8(ascii: " ")),
            let equals = line[..<space].lastIndex(of: UInt8(ascii: "="))
        else { return nil }
        let ours = line[...equals].filter { $0 != UInt8(ascii: "\\") }
        let theirs = start.bytes.filter { $0 != UInt8(ascii: "\\") }
        let common = min(ours.count, theirs.count)
        return ours.prefix(common) == theirs.prefix(common) ? number - 1 : nil
    }
}
