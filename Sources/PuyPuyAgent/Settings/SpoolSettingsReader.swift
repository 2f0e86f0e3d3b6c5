/// Reads the keys of `[SelfConfig]` that are about the spool.
enum SpoolSettingsReader {
    /// What `reader` says about the spool.
    static func read(from reader: inout SectionReader) -> SpoolSettings {
        var spool = SpoolSettings()
        spool.path = reader.requiredPath(SelfConfigKey.spoolPath)
        spool.durability = reader.choice(SelfConfigKey.durability)
        spool.retention = reader.duration(SelfConfigKey.spoolRetainHours)
        spool.maxMB = reader.whole(SelfConfigKey.spoolMaxMB)
        spool.minFreeMB = reader.whole(SelfConfigKey.spoolMinFreeMB)
        let maxAge = reader.duration(SelfConfigKey.spoolMaxAgeHours)
        spool.maxAge = maxAge == .zero ? nil : maxAge
        spool.overflow = reader.choice(SelfConfigKey.overflow)
        spool.memoryBufferPoints = reader.whole(SelfConfigKey.memoryBufferPoints)
        return spool
    }
}
