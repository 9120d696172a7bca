/// What a recipe chooses by name and what has no place in the model: sampler, augmentation, dataset, optimiser,
/// schedule, views, label policy. Made from its options alone.
public protocol Component: SendableMetatype {
  /// What a recipe can set, with the values that hold where it sets nothing.
  associatedtype Options: ComponentOptions
  /// The kind of component as the registry hands it out, such as `any Sampler`; each kind's protocol says it.
  associatedtype Kind
  /// - Throws: where these options, each in its range, make none.
  init(_ options: Options) throws
}
