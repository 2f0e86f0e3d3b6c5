/// The version of this program.
public enum Version {
    /// As the changelog has it.
    public static let current = "0.1.0"
}
