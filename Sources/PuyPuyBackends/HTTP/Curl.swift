internal import CCurl

/// libcurl as a whole.
enum Curl {
    /// Whether it started. libcurl(3): once in a process, before any other call. Thread-safe as a
    /// `static let`.
    static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}
