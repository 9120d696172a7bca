import FERCore
import Foundation

/// Brows, eyes, nose and mouth: what shows the expression.
extension FacePainter {
  mutating func drawBrow(side: Float) {
    let (inner, outer) = (expression.browInner, expression.browOuter + 0.25 * expression.lopsided * side)
    let y = identity.eyeHeight - identity.browHeight + turnY - 0.01 * expression.eyesOpen
    let start = SIMD2(
      turnX + side * (0.115 - 0.04 * expression.browDrawn), y - 0.1 * inner + 0.03 * expression.browDrawn)
    let end = SIMD2(turnX + side * (0.115 + 0.30), y - 0.1 * outer + 0.015)
    let arch = identity.browArch + 0.025 * max(0, outer)
    let colour = identity.hairColour * 0.72
    canvas.stroke(
      from: start, to: end, bend: -arch * side, width: identity.browThickness,
      endWidth: identity.browThickness * 0.4, colour, opacity: 0.92, softness: 0.012)
    if expression.browDrawn > 0.25 {
      let x = turnX + side * 0.045
      canvas.stroke(
        from: SIMD2(x, y - 0.05), to: SIMD2(x, y + 0.05), bend: 0.01 * side, width: 0.008, endWidth: 0.005,
        shade * 0.8, opacity: min(0.7, 0.6 * expression.browDrawn), softness: 0.02)
    }
    if inner > 0.4 {
      for line in [Float(0), 1] {
        canvas.stroke(
          from: SIMD2(turnX, y - 0.2 - 0.07 * line), to: SIMD2(turnX + side * 0.25, y - 0.18 - 0.07 * line),
          bend: -0.01, width: 0.007, endWidth: 0.003, shade, opacity: min(0.5, 0.4 * inner), softness: 0.025)
      }
    }
  }

  mutating func drawEye(side: Float) {
    let (x, y) = (turnX + side * identity.eyeSpacing, identity.eyeHeight + turnY)
    let half = identity.eyeSize
    let squint = max(0, expression.squint)
    let upper = max(0.006, half * (0.46 + 0.34 * expression.eyesOpen - 0.1 * squint))
    let lower = max(0.004, half * (0.28 + 0.1 * expression.eyesOpen - 0.36 * expression.squint))
    // Inner ends of the lids sink with the brows, outer ends droop.
    let slant = -side * (0.16 * identity.eyeTilt + 0.03) + side * 0.2 * expression.lidDroop
    let inward = side * 0.32 * max(0, -expression.browInner)
    let (unit, shade) = (canvas.unit, shade)

    canvas.ellipse(x, y - 0.02, half * 1.35, half * 1.05, shade, opacity: 0.3, softness: 0.12)
    let top: (Float) -> Float = { t in
      y + slant * t * half - upper * (1 + inward * t) * max(0, 1 - t * t).squareRoot()
    }
    let bottom: (Float) -> Float = { t in y + slant * t * half + lower * (1 - t * t) }
    let box = FaceCanvas.Box(x - half * 1.1, y - upper - 0.06, x + half * 1.1, y + lower + 0.07)
    let opening: (Float, Float) -> Float = { u, v in
      let t = (u - x) / half
      return max(max(top(t) - v, v - bottom(t)), (abs(t) - 1) * half)
    }
    canvas.fill(box, Colour(0.95, 0.94, 0.92) * (0.8 + 0.15 * identity.skin.x)) { opening($0, $1) }
    drawIris(x, y, half, box, opening)
    // Lashes, the crease above them and the edge of the lower lid.
    canvas.paint(box) { _, _ in
      Colour(0.1, 0.07, 0.06)
    } alpha: { u, v in
      let t = (u - x) / half
      guard abs(t) < 1.04 else { return 0 }
      return 0.95 * min(1, max(0, 0.5 - (abs(v - top(t)) - 0.014) * unit))
    }
    canvas.paint(box) { _, _ in
      shade * 0.75
    } alpha: { u, v in
      let t = (u - x) / half
      guard abs(t) < 1 else { return 0 }
      let crease = 0.45 * max(0, 1 - abs(v - top(t) + 0.035) / (0.011 + 0.7 / unit))
      let edge = (0.4 + 0.3 * squint) * max(0, 1 - abs(v - bottom(t) - 0.006) / (0.01 + 0.7 / unit))
      let pouch = 0.4 * squint * max(0, 1 - abs(v - bottom(t) - 0.035) / (0.015 + 0.7 / unit))
      return max(crease, max(edge, pouch))
    }
    if expression.squint > 0.45, expression.cornersUp > 0.3 {
      for line in [Float(-1), 1] {
        let start = SIMD2(x + side * half * 1.15, y + 0.01 * line)
        canvas.stroke(
          from: start, to: start + SIMD2(side * 0.06, 0.03 * line), bend: 0, width: 0.006, endWidth: 0.003,
          shade, opacity: 0.45, softness: 0.015)
      }
    }
  }

  private mutating func drawIris(
    _ x: Float, _ y: Float, _ half: Float, _ box: FaceCanvas.Box, _ opening: (Float, Float) -> Float
  ) {
    let radius = half * 0.47
    let (ix, iy) = (x + half * (0.35 * scene.gazeX + 0.15 * scene.yaw), y - 0.012 + 0.05 * scene.gazeY * half)
    let (iris, unit) = (identity.irisColour, canvas.unit)
    canvas.paint(box) { u, v in
      let distance = ((u - ix) * (u - ix) + (v - iy) * (v - iy)).squareRoot()
      if distance < radius * 0.45 { return Colour(0.04, 0.03, 0.03) }
      return iris * (distance > radius * 0.82 ? 0.55 : 0.85 + 0.5 * (v - iy) / radius)
    } alpha: { u, v in
      let distance = ((u - ix) * (u - ix) + (v - iy) * (v - iy)).squareRoot() - radius
      return min(1, max(0, 0.5 - max(distance, opening(u, v)) * unit))
    }
    canvas.ellipse(
      ix - 0.3 * radius, iy - 0.35 * radius, radius * 0.24, radius * 0.24, Colour(1, 1, 1), opacity: 0.85)
    // The lid's shadow on the eye.
    canvas.paint(box) { _, _ in
      Colour(0.2, 0.16, 0.16)
    } alpha: { u, v in
      v < iy ? 0.35 * min(1, max(0, 0.5 - opening(u, v) * unit)) * max(0, 1 + opening(u, v) / 0.03) : 0
    }
  }

  mutating func drawNose() {
    let wrinkle = max(0, expression.noseWrinkle)
    let top = identity.eyeHeight + turnY
    let tip = top + identity.noseLength - 0.03 * wrinkle
    let (x, width) = (turnX * 1.25, identity.noseWidth * (1 + 0.12 * wrinkle))
    let lightSide: Float = scene.lightX >= 0 ? 1 : -1
    canvas.stroke(
      from: SIMD2(turnX - lightSide * 0.05, top), to: SIMD2(x - lightSide * width * 0.75, tip - 0.02),
      bend: -0.02 * lightSide, width: 0.012, endWidth: 0.03, shade, opacity: 0.42, softness: 0.06)
    canvas.stroke(
      from: SIMD2(turnX, top + 0.03), to: SIMD2(x + 0.01 * lightSide, tip - 0.03), bend: 0, width: 0.012,
      endWidth: 0.03, identity.skin * 1.15, opacity: 0.35, softness: 0.05)
    canvas.ellipse(x, tip + 0.03, width * 0.95, 0.032, shade * 0.9, opacity: 0.42, softness: 0.05)
    for side in [Float(-1), 1] {
      canvas.ellipse(
        x + side * width * 0.45, tip + 0.018, 0.024, 0.013, shade * 0.45, opacity: 0.75, softness: 0.012)
      canvas.stroke(
        from: SIMD2(x + side * width * 0.95, tip - 0.055), to: SIMD2(x + side * width * 0.8, tip + 0.028),
        bend: 0.022 * -side, width: 0.006, endWidth: 0.009, shade * 0.8, opacity: 0.6, softness: 0.02)
      for line in [Float(0), 1, 2] where wrinkle > 0.25 {
        let y = top + 0.01 + 0.045 * line
        canvas.stroke(
          from: SIMD2(turnX + side * 0.02, y), to: SIMD2(turnX + side * 0.085, y - 0.035), bend: 0,
          width: 0.008, endWidth: 0.004, shade * 0.75, opacity: min(0.75, 0.65 * wrinkle), softness: 0.012)
      }
    }
  }

  mutating func drawMouth() {
    let jaw = max(0, expression.jawDrop)
    let (x, y) = (turnX * 1.05, identity.mouthHeight + turnY + 0.02 * jaw)
    let half = max(0.09, identity.mouthWidth * (1 + 0.33 * expression.mouthWide))
    let (lift, skew) = (0.105 * expression.cornersUp, 0.075 * expression.lopsided)
    let raised = 0.055 * max(0, expression.upperLip) + 0.03 * jaw
    let dropped = 0.2 * jaw + 0.012 * max(0, expression.teeth)
    let press = 1 - 0.7 * min(1, max(0, expression.lipsPressed))
    let thickness = identity.lipThickness * press

    // The line where the lips meet; the corners go up, the middle stays.
    let line: (Float) -> Float = { t in y + 0.3 * lift - (lift + skew * t) * t * t }
    let hump: (Float) -> Float = { t in max(0, 1 - t * t) }
    let innerTop: (Float) -> Float = { t in line(t) - raised * hump(t) }
    let innerBottom: (Float) -> Float = { t in line(t) + dropped * hump(t).squareRoot() }
    let outerTop: (Float) -> Float = { t in
      innerTop(t) - thickness * 0.85 * hump(t).squareRoot() * (1 - 0.28 * exp(-30 * t * t))
    }
    let outerBottom: (Float) -> Float = { t in innerBottom(t) + thickness * 1.15 * hump(t).squareRoot() }
    let reach = abs(lift) + abs(skew) + 0.08
    let box = FaceCanvas.Box(x - half - 0.02, y - raised - reach, x + half + 0.02, y + dropped + reach)
    let unit = canvas.unit
    let between: (Float, Float, (Float) -> Float, (Float) -> Float) -> Float = { u, v, top, bottom in
      let t = (u - x) / half
      guard abs(t) < 1 else { return max((abs(t) - 1) * half, abs(v - line(t < 0 ? -1 : 1))) }
      return max(top(t) - v, v - bottom(t))
    }

    drawFolds(x, y, half, lift, skew)
    let (lips, light) = (identity.lipColour, scene.lightY)
    canvas.paint(box) { u, v in
      lips * (v < line((u - x) / half) ? 0.88 : 1.02 - 0.05 * light)
    } alpha: { u, v in
      0.95 * min(1, max(0, 0.5 - between(u, v, outerTop, outerBottom) * unit))
    }
    let teeth = min(1, max(0, expression.teeth))
    canvas.paint(box) { u, v in
      let t = (u - x) / half
      let bite = innerTop(t) + (0.012 + 0.055 * teeth) * hump(t).squareRoot()
      if teeth > 0.1 && v < bite { return Colour(0.93, 0.91, 0.87) }
      let tongue = FaceShapes.ellipse(u - x, v - y - dropped, half * 0.6, 0.09)
      return tongue < 0 ? Colour(0.62, 0.27, 0.28) : Colour(0.2, 0.06, 0.07)
    } alpha: { u, v in
      min(1, max(0, 0.5 - between(u, v, innerTop, innerBottom) * unit))
    }
    // The line between the lips, darkest in the corners.
    let dark = lips * 0.38
    canvas.paint(box) { _, _ in
      dark
    } alpha: { u, v in
      let t = (u - x) / half
      guard abs(t) < 1.02 else { return 0 }
      let open = min(1, (raised + dropped) * 25)
      let strength = (0.85 - 0.85 * open) + 0.7 * open * t * t * t * t
      return strength * max(0, 1 - abs(v - line(t)) / (0.008 + 0.8 / unit))
    }
    canvas.ellipse(x, y + dropped + thickness + 0.075, half * 0.6, 0.02, shade, opacity: 0.32, softness: 0.06)
  }

  /// The folds from the nose to the corners of the mouth.
  private mutating func drawFolds(_ x: Float, _ y: Float, _ half: Float, _ lift: Float, _ skew: Float) {
    for side in [Float(-1), 1] {
      let strength = max(
        max(0, expression.cornersUp + 0.8 * expression.lopsided * side), 0.9 * max(0, expression.noseWrinkle))
      guard strength > 0.2 else { continue }
      let start = SIMD2(
        turnX + side * (identity.noseWidth + 0.035), identity.eyeHeight + turnY + identity.noseLength)
      let end = SIMD2(x + side * (half + 0.045), y - lift - skew * side + 0.02)
      canvas.stroke(
        from: start, to: end, bend: -0.03 * side, width: 0.01, endWidth: 0.006, shade * 0.85,
        opacity: min(0.65, 0.5 * strength), softness: 0.025)
    }
  }
}
