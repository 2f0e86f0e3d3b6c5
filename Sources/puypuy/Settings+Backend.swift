internal import PuyPuyAgent
internal import PuyPuyBackends

extension Settings {
    /// The backend that sends and is meant by `word`: a section's name, or a type by its beginning
    /// when only one backend has it.
    func backend(_ word: String) throws -> BackendConfiguration {
        let names = backends.map { "\($0.name) (\($0.type.rawValue))" }
        let list = names.joined(separator: ", ")
        var found = backends.filter { $0.name == word }
        if found.isEmpty {
            found = backends.filter {
                $0.type.rawValue.lowercased().hasPrefix(word.lowercased())
            }
        }
        guard let target = found.first else {
            throw Failure.misused("no backend is called \(word); there are: \(list)")
        }
        guard found.count == 1 else {
            throw Failure.misused("\(word) may mean several backends; name one of: \(list)")
        }
        guard target.type.hasSender else {
            throw Failure.misused(
                "\(target.name) keeps its points in the spool: there is nowhere to send them to")
        }
        return target
    }
}
