import CKernels
import COpenBLAS

/// The matrix product, single-threaded: our own threads call it on fixed blocks, so its result does not depend on
/// how many there are. With AVX-512 or AVX2 it is our kernel's, which is faster there; the baseline kernel is slower
/// than what OpenBLAS has for older and other CPUs, so there it is OpenBLAS's.
enum BLAS {
  /// A matrix in memory: where it starts, the distance between rows, and whether it is to be read transposed.
  struct Matrix {
    var pointer: UnsafePointer<Float>
    var stride: Int
    var transposed = false

    var rowStep: Int { transposed ? 1 : stride }
    var columnStep: Int { transposed ? stride : 1 }
  }

  /// C = A B, or C += A B where `accumulating`. A is `[rows, depth]`, B `[depth, columns]`.
  static func multiply(
    _ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Float>, stride: Int,
    rows: Int, columns: Int, depth: Int, scale: Float = 1, accumulating: Bool = false
  ) {
    if hasOwnProduct {
      return arbex_multiply(
        a.pointer, a.rowStep, a.columnStep, b.pointer, b.rowStep, b.columnStep, c, stride, rows, columns, depth, scale,
        accumulating ? 1 : 0)
    }
    multiplyByOpenBLAS(
      a, b, into: c, stride: stride, rows: rows, columns: columns, depth: depth, scale: scale,
      accumulating: accumulating)
  }

  static func multiplyByOpenBLAS(
    _ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Float>, stride: Int,
    rows: Int, columns: Int, depth: Int, scale: Float, accumulating: Bool
  ) {
    singleThreaded
    cblas_sgemm(
      CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans, b.transposed ? CblasTrans : CblasNoTrans,
      Int32(rows), Int32(columns), Int32(depth), scale, a.pointer, Int32(a.stride), b.pointer, Int32(b.stride),
      accumulating ? 1 : 0, c, Int32(stride))
  }

  static let hasOwnProduct = Kernels.chosen != .baseline
  private static let singleThreaded: Void = openblas_set_num_threads(1)
}

/// What does the linear algebra.
public enum BLASInfo {
  /// Whether matrix products run on our own kernel; otherwise OpenBLAS does them.
  public static var hasOwnProduct: Bool { BLAS.hasOwnProduct }
  /// OpenBLAS's CPU kernel: "SkylakeX", "Haswell" ...
  public static var kernel: String { String(cString: openblas_get_corename()) }
  /// Version and build options.
  public static var configuration: String { String(cString: openblas_get_config()) }
}
