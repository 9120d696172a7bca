extension Verb {
  /// Everything `arbex` can do, in the order of its help.
  static var all: [Verb] {
    [
      train, eval, predict, calibrate, sweep, recipeShow, recipeCheck, dataCheck, dataSuspects,
      weightsInspect, weightsImport,
      weightsExport,
      pluginsList, pluginsDescribe, bench, benchOperations, benchData, benchStart, doctor,
    ]
  }
}
