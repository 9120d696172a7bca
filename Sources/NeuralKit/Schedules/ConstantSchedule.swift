/// The base rate throughout.
package struct ConstantSchedule: Schedule {
  package let warmup: Double
  package init(_ options: WarmupOptions) { warmup = options.warmup }
  package func factor(at position: Double, of epochs: Double) -> Double { 1 }
}
