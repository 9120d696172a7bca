import TensorKit

/// What the muscles of a drawn face do. 0 is at rest; 1 is as much as a strong expression asks for.
struct FaceExpression: Sendable, Equatable {
  /// Inner ends of the brows, up.
  var browInner: Float = 0
  /// Outer ends of the brows, up.
  var browOuter: Float = 0
  /// Brows drawn together.
  var browDrawn: Float = 0
  /// Upper lids, up.
  var eyesOpen: Float = 0
  /// Lower lids, up.
  var squint: Float = 0
  /// Outer corners of the eyes, down.
  var lidDroop: Float = 0
  /// Nose drawn up, with wrinkles beside it.
  var noseWrinkle: Float = 0
  /// Upper lip, up.
  var upperLip: Float = 0
  /// Corners of the mouth, up.
  var cornersUp: Float = 0
  /// One corner of the mouth higher than the other.
  var lopsided: Float = 0
  /// Jaw, down.
  var jawDrop: Float = 0
  /// Mouth pulled wide.
  var mouthWide: Float = 0
  /// Lips pressed together.
  var lipsPressed: Float = 0
  /// Teeth shown.
  var teeth: Float = 0
  /// Head bowed.
  var headBowed: Float = 0

  /// All of them, for arithmetic that treats them alike.
  static var parts: [WritableKeyPath<FaceExpression, Float> & Sendable] {
    [
      \.browInner, \.browOuter, \.browDrawn, \.eyesOpen, \.squint, \.lidDroop, \.noseWrinkle, \.upperLip,
      \.cornersUp, \.lopsided, \.jawDrop, \.mouthWide, \.lipsPressed, \.teeth, \.headBowed,
    ]
  }

  /// The full expression of a class. The eight usual ones follow the muscle movements that Ekman and Friesen's
  /// Facial Action Coding System (1978) gives for them. A class of any other name gets movements drawn from
  /// that name: always the same, and told apart from the others by most of them.
  static func named(_ name: String) -> FaceExpression {
    var face = FaceExpression()
    switch ExpressionNames.canonical(name) {
    case "neutral": break
    case "happiness":
      (face.cornersUp, face.mouthWide, face.squint, face.teeth) = (1, 0.75, 0.75, 1)
      (face.jawDrop, face.upperLip, face.browOuter) = (0.22, 0.3, 0.1)
    case "sadness":
      (face.browInner, face.browOuter, face.browDrawn, face.cornersUp) = (0.85, -0.55, 0.4, -0.8)
      (face.lidDroop, face.eyesOpen, face.headBowed, face.mouthWide) = (1, -0.45, 1, -0.15)
    case "surprise":
      (face.browInner, face.browOuter, face.eyesOpen, face.jawDrop) = (1, 1, 0.9, 1)
      (face.mouthWide, face.headBowed) = (-0.55, -0.3)
    case "fear":
      (face.browInner, face.browOuter, face.browDrawn, face.eyesOpen) = (1, 0.25, 0.85, 1)
      (face.mouthWide, face.jawDrop, face.cornersUp, face.teeth) = (0.75, 0.38, -0.5, 0.8)
    case "disgust":
      (face.browInner, face.browOuter, face.browDrawn, face.squint) = (-0.55, -0.3, 0.5, 0.9)
      (face.noseWrinkle, face.upperLip, face.cornersUp, face.eyesOpen) = (1, 1, -0.55, -0.45)
      (face.jawDrop, face.lopsided, face.teeth) = (0.12, 0.25, 0.3)
    case "anger":
      (face.browInner, face.browOuter, face.browDrawn, face.eyesOpen) = (-1, 0.35, 1, 0.25)
      (face.squint, face.lipsPressed, face.cornersUp, face.mouthWide) = (0.4, 1, -0.3, -0.1)
      face.noseWrinkle = 0.2
    case "contempt":
      (face.lopsided, face.cornersUp, face.browOuter, face.eyesOpen) = (1.2, 0.15, 0.3, -0.3)
      (face.lipsPressed, face.headBowed) = (0.4, -0.6)
    case let other:
      var random = RandomSource(seed: 0, stream: "expression " + other)
      for part in parts { face[keyPath: part] = random.uniform(-1, 1) }
    }
    return face
  }

  /// This expression shown with some strength, each muscle a little different from time to time.
  func shown(strength: Float, variation: Float, random: inout RandomSource) -> FaceExpression {
    var face = self
    for part in Self.parts {
      face[keyPath: part] = strength * face[keyPath: part] + 0.13 * variation * random.normal()
    }
    return face
  }
}
