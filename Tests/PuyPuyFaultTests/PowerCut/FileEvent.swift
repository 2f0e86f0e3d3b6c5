/// One thing that a process did to its files, in the order in which it asked the kernel for it. A
/// sync stands where it returned.
enum FileEvent {
    /// openat(2). `creates` and `truncates` are O_CREAT and O_TRUNC.
    case open(path: String, descriptor: Int, creates: Bool, truncates: Bool)
    case close(descriptor: Int)
    /// pwrite64(2): what arrived.
    case write(descriptor: Int, offset: Int, bytes: [UInt8])
    /// ftruncate(2).
    case resize(descriptor: Int, bytes: Int)
    /// fallocate(2): the file is at least so large.
    case grow(descriptor: Int, bytes: Int)
    /// fsync(2) or fdatasync(2). Both sync the size of the file with its bytes.
    case sync(descriptor: Int, succeeded: Bool)
    case makeDirectory(path: String)
    case rename(from: String, to: String)
    case unlink(path: String)
    /// A line on standard output.
    case said(String)

    /// The descriptor that it is about.
    var descriptor: Int? {
        switch self {
        case .open(_, let descriptor, _, _), .close(let descriptor),
            .write(let descriptor, _, _), .resize(let descriptor, _), .grow(let descriptor, _),
            .sync(let descriptor, _):
            descriptor
        case .makeDirectory, .rename, .unlink, .said: nil
        }
    }
}
