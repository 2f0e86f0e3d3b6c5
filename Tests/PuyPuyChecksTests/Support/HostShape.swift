import TestSupport
import Testing

/// The kinds of host whose /proc and /sys are kept as fixtures.
enum HostShape: String, CaseIterable, CustomTestStringConvertible {
    case virtualMachine = "virtual-machine"
    case manyProcessors = "many-processors"
    case nvmeLVM = "nvme-lvm"
    case container
    case ipv6Only = "ipv6-only"
    case oldKernel = "old-kernel"

    var testDescription: String { rawValue }

    /// Where the fixture is, found beside this source file.
    var path: String {
        ancestor(of: #filePath, levels: 2) + "/Fixtures/\(rawValue)"
    }
}
