extension Verb {
  /// Everything `arbex` can do, in the order of its help.
  static var all: [Verb] {
    [
      train, eval, report, compare, predict, explain, calibrate, export, sweep, reproduce,
      recipeList, recipeShow, recipeCheck, newRecipe, dataCheck, dataCrop, dataSuspects,
      weightsInspect, weightsImport, weightsExport, pluginsList, pluginsDescribe, pluginsCheck, newPlugin,
      bench, benchOperations, benchData, benchStart, benchScaling, benchCompare, doctor, completion, manual,
    ]
  }
}
