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
    /// Whether it lies in panels of ``panelColumns(_:)``, `stride` floats apart. Only our own product takes that.
    var isPacked = false

    var rowStep: Int { transposed ? 1 : stride }
    var columnStep: Int { isPacked ? 0 : transposed ? stride : 1 }
  }

  /// How many columns of a right factor lie side by side in the form that costs the product least: panels for our own,
  /// all of them for OpenBLAS.
  static func panelColumns(_ columns: Int) -> Int {
    switch Kernels.chosen {
    case .avx512: 32
    case .avx2: 16
    case .baseline: columns
    }
  }

  /// The floats that a right factor takes in that form.
  static func packedCount(columns: Int, depth: Int) -> Int {
    let panel = panelColumns(columns)
    return (columns + panel - 1) / panel * panel * depth
  }

  /// A right factor in that form, from column `first` on, a multiple of 32, and from `row` on.
  static func packed(
    _ pointer: UnsafePointer<Float>, columns: Int, depth: Int, from first: Int = 0, row: Int = 0
  ) -> Matrix {
    let panel = panelColumns(columns)
    return hasOwnProduct
      ? Matrix(pointer: pointer + first * depth + row * panel, stride: panel * depth, isPacked: true)
      : Matrix(pointer: pointer + first + row * columns, stride: columns)
  }

  /// Brings a right factor into that form.
  static func pack(_ b: Matrix, columns: Int, depth: Int, into target: UnsafeMutablePointer<Float>) {
    if hasOwnProduct {
      let panel = panelColumns(columns)
      Parallel.forEachBlock(of: (columns + panel - 1) / panel, size: max(1, (1 << 15) / (panel * depth))) {
        let first = $0.lowerBound * panel
        arbex_pack_panels(
          target + first * depth, b.advanced(row: 0, column: first).pointer, b.rowStep, b.columnStep, depth,
          min($0.count * panel, columns - first))
      }
    } else {
      for row in 0..<depth {
        for column in 0..<columns {
          target[row * columns + column] = b.pointer[row * b.rowStep + column * b.columnStep]
        }
      }
    }
  }

  /// C = A B, or C += A B where `accumulating`. A is `[rows, depth]`, B `[depth, columns]`.
  static func multiply(
    _ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Float>, stride: Int,
    rows: Int, columns: Int, depth: Int, scale: Float = 1, accumulating: Bool = false
  ) {
    if hasOwnProduct {
      return arbex_multiply(
        a.pointer, a.rowStep, a.columnStep, b.pointer, b.rowStep, b.columnStep, c, stride, rows, columns,
        depth, scale, accumulating ? 1 : 0)
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
      Int32(rows), Int32(columns), Int32(depth), scale, a.pointer, Int32(a.stride), b.pointer,
      Int32(b.stride), accumulating ? 1 : 0, c, Int32(stride))
  }

  /// Whether C += A B adds all of A B at once, with the bits of a product that is added later: our own does, which takes
  /// up to so much depth in one go.
  static func addsAtOnce(depth: Int) -> Bool { hasOwnProduct && depth <= 256 }

  static let hasOwnProduct = Kernels.chosen != .baseline
  /// Once this is read, OpenBLAS and LAPACK on top of it work on the caller's thread alone.
  static let singleThreaded: Void = openblas_set_num_threads(1)
}

/// What does the linear algebra.
package enum BLASInfo {
  /// Whether matrix products run on our own kernel; otherwise OpenBLAS does them.
  package static var hasOwnProduct: Bool { BLAS.hasOwnProduct }
  /// OpenBLAS's CPU kernel: "SkylakeX", "Haswell" ...
  package static var kernel: String { String(cString: openblas_get_corename()) }
  /// Version and build options.
  package static var configuration: String { String(cString: openblas_get_config()) }
}
