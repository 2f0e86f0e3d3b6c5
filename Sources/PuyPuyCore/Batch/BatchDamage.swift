/// Why the bytes of a batch cannot be read.
public enum BatchDamage: Error, Sendable, Hashable, CustomStringConvertible {
    /// The checksum does not match: bytes were changed, lost or added.
    case checksum
    /// The bytes end before the batch does.
    case truncated
    /// The bytes are not of this form, although their checksum matches.
    case malformed
    /// Written by a version of the format that this program does not know.
    case unknownVersion(UInt8)

    /// A clause that reads well after a colon.
    public var description: String {
        switch self {
        case .checksum: "its checksum does not match its bytes"
        case .truncated: "its bytes end too early"
        case .malformed: "its bytes are not those of a batch"
        case .unknownVersion(let version): "its format version \(version) is unknown"
        }
    }
}
