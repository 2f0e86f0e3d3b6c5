/// The keys of `[WebServer]`.
public enum WebServerKey {
    static let isEnabled = SettingKey(
        "webserver", .flag, default: "no", example: "yes",
        "Whether the web server runs: the last values for Prometheus at /metrics, the state at "
            + "/api/v1 and /healthz.")
    static let address = SettingKey(
        "webaddress", .text, default: "127.0.0.1:9898",
        "The address and the port to listen on. 0.0.0.0:9898 or [::]:9898: also for other hosts.")
    static let allowedAddresses = SettingKey(
        "allowedip", .text, example: "127.0.0.1, 10.0.0.0/8",
        "Who may ask: addresses and networks such as 127.0.0.1, 10.0.0.0/8, fd00::/8. Empty: "
            + "everybody who reaches the address.")
    static let apiKey = SettingKey(
        "apikey", .text, example: "${PUYPUY_APIKEY}", isSecret: true,
        "What every request but /healthz and /readyz has to bring, as the header Apikey or Authorization: "
            + "Bearer.")
    static let apiKeyFile = SettingKey(
        "apikey_file", .path, example: "/etc/puypuy/apikey",
        "The file that holds the apikey on its only line.")

    /// All keys of `[WebServer]`.
    public static let all: [SettingKey] = [
        isEnabled, address, allowedAddresses, apiKey, apiKeyFile,
    ]
}
