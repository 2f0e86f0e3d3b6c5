/// The checks that are compiled in.
public enum CheckRegistry {
    /// Every built-in check, sorted by name.
    public static let builtIn: [CheckDescription] = [
        BtrfsCheck.description, CPUStatsCheck.description, DisksCheck.description,
        ConntrackCheck.description, LoadAverageCheck.description, MemoryCheck.description,
        NagiosCheck.description, NetworkBytesCheck.description, OpenFilesCheck.description,
        TCPConnectionsCheck.description,
    ].sorted { $0.name < $1.name }
}
