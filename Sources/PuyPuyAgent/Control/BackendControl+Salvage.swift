public import PuyPuySpool

extension BackendControl {
    /// Takes over what is readable in the file at `path`: ``Spool/salvage(_:progress:)``.
    ///
    /// Through the daemon while it runs, which goes on collecting meanwhile and has to be allowed to
    /// read the file; else with the spool's lock, in a spool that is made when there is none. Blocks.
    public func salvage(
        _ path: String, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> Salvage {
        // Before a spool is made for nothing.
        try Salvage.check(path, for: spoolPath)
        return try await throughDaemonOrLock(makesSpool: true) { client throws(ControlError) in
            // The daemon may be at home in another folder.
            try client.salvage(
                SettingsFolder.absolute(path, in: SettingsFolder.workingFolder()),
                progress: progress)
        } stored: { spool in
            try await spool.configure(destinations)
            return try await spool.salvage(path, progress: progress)
        }
    }
}
