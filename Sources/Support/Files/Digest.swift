import CCrypto

/// SHA-256, by OpenSSL.
package final class Digest {
  private let context: OpaquePointer?

  /// A digest of nothing yet.
  package init() {
    context = EVP_MD_CTX_new()
    let started = EVP_DigestInit_ex(context, EVP_sha256(), nil)
    require(started == 1, "OpenSSL offers no SHA-256")
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Takes more bytes in.
  package func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    EVP_DigestUpdate(context, start, bytes.count)
  }

  /// Takes more bytes in.
  package func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes(update) }

  /// The digest of all bytes, as 64 hexadecimal digits. Nothing may be added afterwards.
  package func finish() -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    EVP_DigestFinal_ex(context, &bytes, nil)
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  /// The digest of a text.
  package static func sha256(_ text: String) -> String {
    let digest = Digest()
    digest.update(Array(text.utf8))
    return digest.finish()
  }

  /// The digest of a file's bytes.
  /// - Throws: a ``FileProblem``.
  package static func sha256(ofFile path: String) throws -> String {
    let (file, digest) = (try OpenFile(path), Digest())
    try file.blocks(of: 0..<file.length) { digest.update($0) }
    return digest.finish()
  }
}
