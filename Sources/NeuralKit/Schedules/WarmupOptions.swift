/// The options that every schedule has.
package struct WarmupOptions: ComponentOptions {
  @Option("Epochs over which the rate rises from a hundredth, before all else.", 0...)
  package var warmup = 0.0

  package init() {}
}
