internal import PuyPuySpool

/// Reads the keys of `[SelfConfig]` that are about the spool.
enum SpoolSettingsReader {
    /// What `reader` says about the spool.
    static func read(from reader: inout SectionReader) -> SpoolOptions {
        var spool = SpoolOptions(path: reader.requiredPath(SelfConfigKey.spoolPath))
        spool.durability = reader.choice(SelfConfigKey.durability)
        spool.retain = reader.duration(SelfConfigKey.spoolRetainHours)
        spool.maxBytes = Int64(reader.whole(SelfConfigKey.spoolMaxMB)) << 20
        spool.minFreeBytes = Int64(reader.whole(SelfConfigKey.spoolMinFreeMB)) << 20
        let maxAge = reader.duration(SelfConfigKey.spoolMaxAgeHours)
        spool.maxAge = maxAge == .zero ? nil : maxAge
        spool.overflow = reader.choice(SelfConfigKey.overflow)
        spool.memoryBufferPoints = reader.whole(SelfConfigKey.memoryBufferPoints)
        return spool
    }
}
