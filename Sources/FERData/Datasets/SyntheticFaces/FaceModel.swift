import Foundation

/// What is drawn: one person, one expression, one moment, and the outlines that follow from them.
struct FaceModel: Sendable {
  let identity: FaceIdentity
  let expression: FaceExpression
  let scene: FaceScene
  /// How far eyes, nose and mouth lie from the head's middle because it is turned.
  let turnX: Float
  /// The same upwards and downwards.
  let turnY: Float

  init(identity: FaceIdentity, expression: FaceExpression, scene: FaceScene) {
    self.identity = identity
    self.expression = expression
    self.scene = scene
    turnX = 0.11 * scene.yaw
    turnY = 0.07 * scene.pitch + 0.05 * expression.headBowed
  }

  /// How far a point lies outside the head, which is an ellipse that narrows towards the chin. The chin goes down
  /// with the jaw.
  @inline(__always) func head(_ u: Float, _ v: Float, grown: Float = 0) -> Float {
    let bottom = max(0, v)
    let narrow = 1 - identity.jaw * bottom * bottom / (identity.height * identity.height)
    let chin = v > 0 ? 0.07 * max(0, expression.jawDrop) : 0
    return FaceShapes.ellipse(u / narrow, v, identity.width + grown, identity.height + chin + grown) * narrow
  }

  /// Down to where the hair reaches at a place across the head.
  func hairline(_ u: Float, _ style: FaceIdentity.Hair) -> Float {
    let x = u - 0.6 * turnX
    let lift = 0.5 * turnY
    return switch style {
    case .short: -0.47 + 0.75 * x * x + lift
    case .long: -0.53 + 1.5 * x * x + 0.9 * x * x * x * x * x * x + lift
    case .fringe: -0.38 + 0.018 * cos(26 * x) + 0.9 * x * x * x * x + lift
    case .receding: -0.66 + 1.25 * x * x + lift
    case .curly: -0.45 + 0.6 * x * x + 0.02 * sin(30 * x) + lift
    case .parted: -0.5 + 0.55 * abs(x + 0.18) - 0.1 * x + lift
    case .bald: -2
    }
  }
}
