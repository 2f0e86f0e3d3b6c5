/// Rows in columns, for people: as wide as needed, cut to the width of the terminal.
struct Table {
    /// Where a column's text stands.
    enum Alignment {
        case left
        case right
    }

    private let titles: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    /// A table with these columns.
    init(_ columns: [(title: String, alignment: Alignment)]) {
        titles = columns.map(\.title)
        alignments = columns.map(\.alignment)
    }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The table; the widest left-aligned column gives way when a line is wider than `width`.
    func text(width: Int) -> String {
        var widths = titles.indices.map { column in
            ([titles] + rows).map { $0[column].count }.max() ?? 0
        }
        let gaps = 2 * (titles.count - 1)
        let over = widths.reduce(gaps, +) - width
        if over > 0,
            let widest = titles.indices.filter({ alignments[$0] == .left })
                .max(by: { widths[$0] < widths[$1] })
        {
            widths[widest] = max(10, widths[widest] - over)
        }
        var text = Terminal.styled(line(titles, widths), .bold) + "\n"
        for row in rows { text += line(row, widths) + "\n" }
        return text
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (column, cell) in cells.enumerated() {
            let cut =
                cell.count > widths[column] ? cell.prefix(widths[column] - 1) + "…" : cell[...]
            let padding = String(repeating: " ", count: widths[column] - cut.count)
            if column > 0 { text += "  " }
            text += alignments[column] == .left ? cut + padding : padding + cut
        }
        while text.last == " " { text.removeLast() }
        return text
    }
}
