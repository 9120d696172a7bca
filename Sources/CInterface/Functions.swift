import FERCore
import FERData
import FERTraining
import Foundation
import Support

// The functions of arbex.h, which says what each does. Nothing is thrown over the border: errors are texts that the caller frees.

private typealias ErrorText = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

@_cdecl("arbex_load")
public func arbexLoad(
  _ path: UnsafePointer<CChar>?, _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> UnsafeMutableRawPointer? {
  attempt(error) {
    guard let path else { throw UsageText("no path was given") }
    let model = try LoadedModel(path: FileName.text(cString: path))
    return Unmanaged.passRetained(model).toOpaque()
  }
}

@_cdecl("arbex_free")
public func arbexFree(_ model: UnsafeMutableRawPointer?) {
  if let model { Unmanaged<LoadedModel>.fromOpaque(model).release() }
}

@_cdecl("arbex_class_count")
public func arbexClassCount(_ model: UnsafeRawPointer?) -> Int32 { Int32(loaded(model)?.names.count ?? 0) }

@_cdecl("arbex_class_name")
public func arbexClassName(_ model: UnsafeRawPointer?, _ index: Int32) -> UnsafePointer<CChar>? {
  guard let names = loaded(model)?.names, names.indices.contains(Int(index)) else { return nil }
  return UnsafePointer(names[Int(index)])
}

@_cdecl("arbex_classify_pixels")
public func arbexClassifyPixels(
  _ model: UnsafeRawPointer?, _ pixels: UnsafePointer<UInt8>?, _ width: Int32, _ height: Int32, _ stride: Int,
  _ probabilities: UnsafeMutablePointer<Float>?, _ primary: UnsafeMutablePointer<Float>?,
  _ confidence: UnsafeMutablePointer<Float>?, _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  classify(model, probabilities, primary, confidence, error) { model in
    guard let pixels else { throw UsageText("no pixels were given") }
    return try model.answer(pixels: pixels, width: Int(width), height: Int(height), stride: stride)
  }
}

@_cdecl("arbex_classify_bytes")
public func arbexClassifyBytes(
  _ model: UnsafeRawPointer?, _ bytes: UnsafePointer<UInt8>?, _ count: Int,
  _ probabilities: UnsafeMutablePointer<Float>?, _ primary: UnsafeMutablePointer<Float>?,
  _ confidence: UnsafeMutablePointer<Float>?, _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  classify(model, probabilities, primary, confidence, error) { model in
    guard let bytes, count >= 0 else { throw UsageText("no bytes were given") }
    guard count <= ImageFile.largestFile else {
      throw UsageText("\(count) bytes are more than the \(ImageFile.largestFile) that are read as an image")
    }
    return try model.answer(bytes: Array(UnsafeBufferPointer(start: bytes, count: count)))
  }
}

@_cdecl("arbex_free_text")
public func arbexFreeText(_ text: UnsafeMutablePointer<CChar>?) { free(text) }

@_cdecl("arbex_version")
public func arbexVersion() -> UnsafePointer<CChar> { UnsafePointer(versionText) }

/// Lives as long as the process.
nonisolated(unsafe) private let versionText: UnsafeMutablePointer<CChar> = strdup(Program.version)

/// A call that makes no sense.
private struct UsageText: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

private func loaded(_ model: UnsafeRawPointer?) -> LoadedModel? {
  model.map { Unmanaged<LoadedModel>.fromOpaque($0).takeUnretainedValue() }
}

private func attempt<Value>(_ error: ErrorText?, _ work: () throws -> Value) -> Value? {
  error?.pointee = nil
  do { return try work() } catch let problem {
    error?.pointee = strdup("\(problem)")
    return nil
  }
}

private func classify(
  _ model: UnsafeRawPointer?, _ probabilities: UnsafeMutablePointer<Float>?,
  _ primary: UnsafeMutablePointer<Float>?, _ confidence: UnsafeMutablePointer<Float>?, _ error: ErrorText?,
  _ work: (LoadedModel) throws -> LoadedModel.Answer
) -> Int32 {
  let answer = attempt(error) {
    guard let model = loaded(model) else { throw UsageText("no model was given") }
    return try work(model)
  }
  guard let answer else { return 0 }
  for (place, value) in answer.final.enumerated() { probabilities?[place] = value }
  for (place, value) in answer.primary.enumerated() { primary?[place] = value }
  confidence?.pointee = answer.final.confidence
  return 1
}
