import COpenBLAS

/// The matrix product of OpenBLAS, single-threaded: our own threads call it on fixed blocks, so its result
/// does not depend on how many there are.
enum BLAS {
  /// A matrix in memory: where it starts, the distance between rows, and whether it is to be read transposed.
  struct Matrix {
    var pointer: UnsafePointer<Float>
    var stride: Int
    var transposed = false
  }

  /// C = A B, or C += A B where `accumulating`. A is `[rows, depth]`, B `[depth, columns]`.
  static func multiply(
    _ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Float>, stride: Int,
    rows: Int, columns: Int, depth: Int, scale: Float = 1, accumulating: Bool = false
  ) {
    singleThreaded
    cblas_sgemm(
      CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans, b.transposed ? CblasTrans : CblasNoTrans,
      Int32(rows), Int32(columns), Int32(depth), scale, a.pointer, Int32(a.stride), b.pointer, Int32(b.stride),
      accumulating ? 1 : 0, c, Int32(stride))
  }

  private static let singleThreaded: Void = openblas_set_num_threads(1)
}

/// What the linear algebra library says of itself.
public enum BLASInfo {
  /// The CPU kernel in use: "SkylakeX", "Haswell" ...
  public static var kernel: String { String(cString: openblas_get_corename()) }
  /// Version and build options.
  public static var configuration: String { String(cString: openblas_get_config()) }
}
