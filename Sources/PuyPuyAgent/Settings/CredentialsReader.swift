internal import PuyPuyBackends

/// Reads how a backend knows us: `auth`, `user`, `pass`, `token` and the files for secrets.
///
/// Existing configurations always have `user` and `pass`, as placeholders when `auth` is off, so
/// with `auth: False` nothing else is looked at.
enum CredentialsReader {
    /// Sets the credentials of `backend`, which may hold those that its address had.
    static func read(_ backend: inout BackendConfiguration, from reader: inout SectionReader) {
        let isOn = reader.optionalFlag(BackendKey.auth)
        if isOn == false {
            backend.credentials = .none
            for key in [BackendKey.user, BackendKey.password] where reader.isSet(key) {
                reader.record(
                    key.name, text: key.isSecret ? SecretText.mask : reader.entry(key)?.value ?? "",
                    entry: reader.entry(key))
            }
            for key in [BackendKey.passwordFile, BackendKey.token, BackendKey.tokenFile]
            where reader.isSet(key) {
                reader.report(.notice, key, "not used, since auth is off")
            }
            return
        }
        let user = reader.text(BackendKey.user)
        let password = secret(BackendKey.password, file: BackendKey.passwordFile, from: &reader)
        let token = secret(BackendKey.token, file: BackendKey.tokenFile, from: &reader)
        let fromAddress = backend.credentials
        if fromAddress != .none && (!user.isEmpty || token != nil) {
            reader.report(
                .warning, BackendKey.address, "the credentials in the address are not used",
                hint: "remove them, since there is a user or a token")
        }
        if let token {
            if !user.isEmpty {
                reader.report(
                    .error, BackendKey.token, "a user and a token", hint: "set only one of them")
            }
            backend.credentials = .token(token)
        } else if !user.isEmpty {
            // A password that cannot be read has its own problem.
            let isNamed = [BackendKey.password, BackendKey.passwordFile].contains(
                where: reader.isSet)
            if password == nil && !isNamed {
                reader.report(
                    isOn == true ? .error : .warning, BackendKey.password,
                    "missing, and there is a user", hint: "set pass or pass_file, or auth: no")
            }
            backend.credentials = .basic(user: user, password: password ?? "")
        } else if password != nil {
            reader.report(
                .error, BackendKey.user, "missing, and there is a password", hint: "set user")
        } else if isOn == true && fromAddress == .none {
            let isNamed = [BackendKey.token, BackendKey.tokenFile].contains(where: reader.isSet)
            if !isNamed {
                reader.report(
                    .error, BackendKey.auth, "on, and there are neither user and pass nor token")
            }
        }
    }

    /// A secret that stands in the configuration or in a file; `nil` without one.
    static func secret(
        _ key: SettingKey, file fileKey: SettingKey, from reader: inout SectionReader
    ) -> String? {
        let plain = reader.text(key)
        let path = reader.path(fileKey)
        guard let path else { return plain.isEmpty ? nil : plain }
        if !plain.isEmpty {
            reader.report(
                .error, fileKey, "\(key.name) is there, too", hint: "set only one of them")
            return plain
        }
        do {
            let content = try SettingsFolder.read(path)
            if content.isReadableByOthers {
                reader.report(
                    .warning, fileKey, found: path, "readable by every user of the host",
                    hint: "chmod o-r \(path)")
            }
            let bytes = content.bytes.reversed().drop { $0 == 0x0A || $0 == 0x0D }.reversed()
            let text = String(decoding: bytes, as: UTF8.self)
            if text.isEmpty || text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                reader.report(
                    .error, fileKey, found: path,
                    text.isEmpty ? "empty" : "more than one line, or control characters",
                    expected: "a file with the secret on its only line")
                return nil
            }
            return text
        } catch {
            reader.report(
                .error, fileKey, found: path, "cannot be read: \(error.message)",
                expected: "a file with the secret on its only line")
            return nil
        }
    }
}
