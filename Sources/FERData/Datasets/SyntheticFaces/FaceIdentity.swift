import TensorKit

/// A colour: red, green, blue.
typealias Colour = SIMD3<Float>

/// What makes a drawn person: bones, colours, hair. Stays the same over all their pictures.
struct FaceIdentity: Sendable {
  enum Hair: Int, Sendable, CaseIterable { case short, long, fringe, receding, curly, bald, parted }

  var skin: Colour
  var hairColour: Colour
  var irisColour: Colour
  var lipColour: Colour
  var clothes: Colour
  var hair: Hair
  var hasGlasses: Bool
  var beard: Float
  /// Half the head's width, and half its height.
  var width: Float, height: Float
  /// How much narrower the jaw is than the temples.
  var jaw: Float
  var eyeSpacing: Float, eyeSize: Float, eyeHeight: Float, eyeTilt: Float
  var browThickness: Float, browHeight: Float, browArch: Float
  var noseLength: Float, noseWidth: Float
  var mouthWidth: Float, mouthHeight: Float, lipThickness: Float

  /// From fair to dark.
  private static let skins: [Colour] = [
    Colour(0.97, 0.85, 0.77), Colour(0.94, 0.78, 0.66), Colour(0.88, 0.69, 0.54), Colour(0.78, 0.57, 0.42),
    Colour(0.64, 0.44, 0.31), Colour(0.49, 0.33, 0.23), Colour(0.37, 0.25, 0.18),
  ]
  private static let hairs: [Colour] = [
    Colour(0.11, 0.09, 0.08), Colour(0.20, 0.13, 0.09), Colour(0.36, 0.23, 0.13), Colour(0.55, 0.36, 0.19),
    Colour(0.80, 0.64, 0.38), Colour(0.60, 0.25, 0.12), Colour(0.62, 0.61, 0.60),
  ]
  private static let irises: [Colour] = [
    Colour(0.26, 0.16, 0.09), Colour(0.38, 0.25, 0.13), Colour(0.25, 0.40, 0.55), Colour(0.30, 0.43, 0.28),
    Colour(0.42, 0.46, 0.50),
  ]

  init(random: inout RandomSource) {
    let tone = random.uniform() * random.uniform(0.4, 1) * (Float(Self.skins.count - 1) - 0.001)
    let (lower, share) = (Int(tone), tone - Float(Int(tone)))
    skin = Self.skins[lower] + (Self.skins[lower + 1] - Self.skins[lower]) * share
    // Dark skin and light hair seldom meet.
    let choices = tone > 3 ? 3 : Self.hairs.count
    hairColour = Self.hairs[random.below(choices)] * random.uniform(0.85, 1.15)
    irisColour = Self.irises[random.below(tone > 3 ? 2 : Self.irises.count)]
    let red = Colour(0.72, 0.30, 0.30) * (0.55 + 0.5 * skin.x)
    lipColour = skin + (red - skin) * random.uniform(0.45, 0.75)
    clothes = Colour(random.uniform(0.15, 0.8), random.uniform(0.15, 0.8), random.uniform(0.2, 0.85))
    hair = Hair.allCases[random.below(Hair.allCases.count)]
    hasGlasses = random.chance(0.14)
    beard = hair != .long && hair != .fringe && random.chance(0.25) ? random.uniform(0.25, 0.8) : 0
    width = random.uniform(0.54, 0.63)
    height = random.uniform(0.74, 0.82)
    jaw = random.uniform(0.12, 0.34)
    eyeSpacing = random.uniform(0.235, 0.275)
    eyeSize = random.uniform(0.118, 0.148)
    eyeHeight = random.uniform(-0.12, -0.06)
    eyeTilt = random.uniform(-0.06, 0.12)
    browThickness = random.uniform(0.022, 0.042)
    browHeight = random.uniform(0.165, 0.2)
    browArch = random.uniform(0.01, 0.06)
    noseLength = random.uniform(0.24, 0.32)
    noseWidth = random.uniform(0.075, 0.115)
    mouthWidth = random.uniform(0.19, 0.24)
    mouthHeight = random.uniform(0.40, 0.45)
    lipThickness = random.uniform(0.03, 0.055)
  }
}

/// How one picture was taken: pose, light, background, camera. Another one for every picture.
struct FaceScene: Sendable {
  /// Head turned to its left or right, and bowed; -1...1.
  var yaw: Float, pitch: Float
  /// Tilt in radians, place in face units, enlargement.
  var roll: Float, x: Float, y: Float, zoom: Float
  /// Where the light comes from, and how strong it is.
  var lightX: Float, lightY: Float, exposure: Float
  /// Warm above 0, cold below.
  var warmth: Float
  var backgroundTop: Colour, backgroundBottom: Colour
  var grain: Float
  /// Where the eyes look.
  var gazeX: Float, gazeY: Float

  /// - Parameter variation: 1 as people hold still for a picture; 0 all alike.
  init(variation: Float, random: inout RandomSource) {
    yaw = 0.6 * variation * random.uniform(-1, 1)
    pitch = 0.4 * variation * random.uniform(-1, 1)
    roll = 0.11 * variation * random.normal()
    x = 0.06 * variation * random.normal()
    y = 0.05 * variation * random.normal()
    zoom = 1 + 0.07 * variation * random.normal()
    zoom = min(1.3, max(0.75, zoom))
    lightX = random.uniform(-1, 1) * variation
    lightY = -0.4 + 0.4 * random.uniform(-1, 1) * variation
    exposure = 0.97 + 0.1 * variation * random.normal()
    exposure = min(1.15, max(0.65, exposure))
    warmth = 0.04 * variation * random.normal()
    let grey = random.uniform(0.55, 0.88)
    let tint = Colour(random.uniform(-0.08, 0.08), random.uniform(-0.06, 0.06), random.uniform(-0.08, 0.1))
    backgroundTop = Colour(repeating: grey) + tint
    backgroundBottom = backgroundTop * random.uniform(0.78, 1)
    grain = 0.012 * variation * random.uniform(0.3, 1.6)
    gazeX = 0.35 * variation * random.uniform(-1, 1)
    gazeY = 0.2 * variation * random.uniform(-1, 1)
  }
}
