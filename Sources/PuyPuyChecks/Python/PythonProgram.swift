/// The program that runs in the Python host: the files of `Host/`, compiled in.
///
/// No file is written anywhere: a few lines on the command line read the program from the pipe that
/// requests come through later.
enum PythonProgram {
    /// The oldest Python that works.
    static let oldestVersion = (3, 9)

    /// The modules of the package `puypuy_host`, each behind those that it imports.
    static let modules: [(name: String, source: [UInt8])] = [
        ("frames", PackageResources.frames_py),
        ("values", PackageResources.values_py),
        ("rates", PackageResources.rates_py),
        ("run", PackageResources.run_py),
        ("lib_getconfig", PackageResources.lib_getconfig_py),
        ("lib_sharedvars", PackageResources.lib_sharedvars_py),
        ("lib_puylogger", PackageResources.lib_puylogger_py),
        ("lib_record_rate", PackageResources.lib_record_rate_py),
        ("lib_pushdata", PackageResources.lib_pushdata_py),
        ("lib_commonclient", PackageResources.lib_commonclient_py),
        ("lib_basecheck", PackageResources.lib_basecheck_py),
        ("library", PackageResources.library_py),
        ("modules", PackageResources.modules_py),
        ("isolation", PackageResources.isolation_py),
        ("main", PackageResources.main_py),
    ]

    /// What `python3 -c` gets: reads the modules from descriptor 3 and starts the last one.
    ///
    /// `linecache` is told the sources, so that a traceback of the host itself shows its lines.
    static let loader = """
        import linecache, os, sys, types
        if sys.version_info < (\(oldestVersion.0), \(oldestVersion.1)):
            sys.exit("Python %d.%d is older than \(oldestVersion.0).\(oldestVersion.1)"
                     % sys.version_info[:2])
        def read(count):
            content = b""
            while len(content) < count:
                piece = os.read(3, count - len(content))
                if not piece:
                    sys.exit(0)
                content += piece
            return content
        words = read(int.from_bytes(read(4), "little")).decode().split("\\0")
        package = types.ModuleType("puypuy_host")
        package.__path__ = []
        sys.modules["puypuy_host"] = package
        for name, source in zip(words[::2], words[1::2]):
            module = types.ModuleType("puypuy_host." + name)
            file = "<puypuy " + name + ".py>"
            linecache.cache[file] = (len(source), None, source.splitlines(True), file)
            sys.modules[module.__name__] = module
            exec(compile(source, file, "exec"), module.__dict__)
            setattr(package, name, module)
        module.main()
        """

    /// What the loader reads: a length, and names and sources with zero bytes between them.
    static let bytes: [UInt8] = {
        let parts = modules.flatMap { [Array($0.name.utf8), $0.source] }
        let content = Array(parts.joined(separator: [0]))
        let length = UInt32(content.count)
        return (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + content
    }()
}
