import FERCore
import Foundation
import TensorKit

/// Draws one picture of one person with one expression, back to front.
struct FacePainter {
  let model: FaceModel
  var canvas: FaceCanvas
  let shade: Colour

  var identity: FaceIdentity { model.identity }
  var expression: FaceExpression { model.expression }
  var scene: FaceScene { model.scene }
  var turnX: Float { model.turnX }
  var turnY: Float { model.turnY }

  static func picture(_ model: FaceModel, size: Int, random: inout RandomSource) -> Image {
    var painter = FacePainter(
      model: model, canvas: FaceCanvas(size: size, scene: model.scene),
      shade: model.identity.skin * Colour(0.66, 0.58, 0.56))
    painter.draw()
    return painter.canvas.picture(model.scene, random: &random)
  }

  private mutating func draw() {
    if identity.hair == .long || identity.hair == .fringe { drawHairBehind() }
    drawShoulders()
    drawEars()
    drawHead()
    if identity.beard > 0 { drawBeard() }
    drawCheeks()
    drawNose()
    for side in [Float(-1), 1] { drawEye(side: side) }
    drawMouth()
    if identity.hair != .bald { drawHair() }
    for side in [Float(-1), 1] { drawBrow(side: side) }
    if identity.hasGlasses { drawGlasses() }
  }

  private mutating func drawHairBehind() {
    let (colour, width, height) = (identity.hairColour * 0.8, identity.width + 0.13, identity.height + 0.02)
    canvas.fill(.init(-width, -1, width, 1.1), colour) { u, v in
      v < 0
        ? FaceShapes.ellipse(u, v + 0.1, width, height)
        : max(abs(u) - width * (1 - 0.1 * v), v - 0.75 - 0.05 * cos(9 * u))
    }
  }

  private mutating func drawShoulders() {
    let skin = identity.skin * 0.86
    canvas.ellipse(0, 1.45, 1.15, 0.55, identity.clothes)
    canvas.fill(.init(-0.3, 0.4, 0.3, 1.1), skin) { u, v in
      max(abs(u) - 0.25 - 0.08 * max(0, v - 0.8), v - 1.02 + 1.2 * u * u)
    }
    canvas.ellipse(0.03 * scene.lightX, 0.78, 0.3, 0.16, shade * 0.8, opacity: 0.55, softness: 0.12)
  }

  private mutating func drawEars() {
    for side in [Float(-1), 1] {
      let x = side * identity.width - 0.4 * turnX
      canvas.ellipse(x, 0.02, 0.075, 0.15, identity.skin * 0.93)
      canvas.ellipse(x, 0.03, 0.04, 0.09, shade, opacity: 0.45, softness: 0.03)
    }
  }

  private mutating func drawHead() {
    let (model, skin, unit) = (model, identity.skin, canvas.unit)
    let (perWidth, perHeight) = (1 / identity.width, 1 / identity.height)
    canvas.paint(.init(-0.7, -0.95, 0.7, 1)) { u, v in
      // A ball lit from one side, with some light all round.
      let (x, y) = ((u - 0.3 * model.turnX) * perWidth, v * perHeight)
      let depth = max(0, 1 - x * x - y * y).squareRoot()
      let lit = 0.74 + 0.24 * depth + 0.13 * (x * model.scene.lightX + y * model.scene.lightY)
      return skin * lit * Colour(1.02, 0.5 + 0.5 * min(1, lit + 0.06), 0.42 + 0.58 * min(1, lit + 0.05))
    } alpha: { u, v in
      min(1, max(0, 0.5 - model.head(u, v) * unit))
    }
  }

  private mutating func drawBeard() {
    let (model, unit, colour) = (model, canvas.unit, identity.hairColour)
    let mouth = identity.mouthHeight + turnY
    canvas.paint(.init(-0.7, 0, 0.7, 1)) { _, _ in
      colour
    } alpha: { u, v in
      let inside = min(1, max(0, 0.5 - model.head(u, v) * unit))
      let start = mouth - 0.16 - 0.25 * max(0, abs(u) - 0.2) + 0.04 * cos(14 * (u - model.turnX))
      return inside * model.identity.beard * min(1, max(0, (v - start) / 0.09))
    }
  }

  private mutating func drawCheeks() {
    let rosy = identity.skin * Colour(1.04, 0.82, 0.8)
    for side in [Float(-1), 1] {
      let lift = 0.04 * max(0, expression.cornersUp)
      canvas.ellipse(
        turnX + side * 0.33, 0.2 + turnY - lift, 0.15, 0.12, rosy,
        opacity: 0.35 + 0.25 * min(1, max(0, expression.cornersUp)), softness: 0.16)
    }
    canvas.ellipse(
      turnX + 0.15 * scene.lightX, -0.45, 0.26, 0.13, identity.skin * 1.12, opacity: 0.3, softness: 0.2)
  }

  private mutating func drawHair() {
    let (model, unit, hair) = (model, canvas.unit, identity.hairColour)
    let style = identity.hair
    canvas.paint(.init(-0.85, -1.1, 0.85, 0.5)) { u, v in
      let strand = 0.07 * sin(34 * u + 9 * v) + 0.05 * sin(61 * u - 7 * v)
      let shine = 0.3 * exp(-18 * (v + 0.72) * (v + 0.72)) * (1 + 0.5 * u * model.scene.lightX)
      return hair * (0.92 + strand + shine)
    } alpha: { u, v in
      let bumps = style == .curly ? 0.028 * sin(17 * u + 2) * cos(15 * v) + 0.03 : 0
      let outer = model.head(u, v, grown: 0.055 + bumps)
      return min(1, max(0, 0.5 - max(outer, v - model.hairline(u, style)) * unit))
    }
  }

  private mutating func drawGlasses() {
    let (y, frame) = (identity.eyeHeight + turnY, Colour(0.13, 0.12, 0.14))
    for side in [Float(-1), 1] {
      let x = turnX + side * (identity.eyeSpacing + 0.005)
      canvas.fill(.init(x - 0.22, y - 0.2, x + 0.22, y + 0.22), frame, opacity: 0.85) { u, v in
        let (dx, dy) = (max(0, abs(u - x) - 0.09), max(0, abs(v - y - 0.015) - 0.05))
        return abs((dx * dx + dy * dy).squareRoot() - 0.095) - 0.011
      }
      canvas.stroke(
        from: SIMD2(x + side * 0.19, y - 0.02), to: SIMD2(side * identity.width - 0.3 * turnX, y - 0.03),
        bend: 0, width: 0.01, endWidth: 0.01, frame, opacity: 0.8)
    }
    canvas.stroke(
      from: SIMD2(turnX - 0.075, y), to: SIMD2(turnX + 0.075, y), bend: -0.02, width: 0.011, endWidth: 0.011,
      frame, opacity: 0.85)
  }
}
