extension Verb {
  /// Everything `arbex` can do, in the order of its help.
  static var all: [Verb] {
    [
      train, eval, report, compare, predict, explain, calibrate, sweep, reproduce, recipeList, recipeShow,
      recipeCheck,
      dataCheck, dataCrop, dataSuspects, weightsInspect, weightsImport, weightsExport,
      pluginsList, pluginsDescribe, pluginsCheck, bench, benchOperations, benchData, benchStart, doctor,
      completion, manual,
    ]
  }
}
