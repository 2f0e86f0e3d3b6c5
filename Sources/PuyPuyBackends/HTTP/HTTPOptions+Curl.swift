internal import CCurl

extension HTTPOptions {
    /// Sets on a handle of libcurl how certificates are used.
    func setTLS(on easy: UnsafeMutableRawPointer) {
        puypuy_curl_set_long(easy, CURLOPT_SSL_VERIFYPEER, skipsVerification ? 0 : 1)
        puypuy_curl_set_long(easy, CURLOPT_SSL_VERIFYHOST, skipsVerification ? 0 : 2)
        if let caFile {
            puypuy_curl_set_string(easy, CURLOPT_CAINFO, caFile)
            puypuy_curl_set_string(easy, CURLOPT_CAPATH, nil)
        }
        if let clientCertificate {
            puypuy_curl_set_string(easy, CURLOPT_SSLCERT, clientCertificate)
        }
        if let clientKey { puypuy_curl_set_string(easy, CURLOPT_SSLKEY, clientKey) }
    }

    /// `duration` as libcurl takes it; at least one, since 0 means "no limit" to it.
    static func milliseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}
