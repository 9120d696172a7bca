extension Verb {
  /// Everything `arbex` can do, in the order of its help.
  static var all: [Verb] {
    [recipeShow, recipeCheck, pluginsList, pluginsDescribe, doctor]
  }
}
