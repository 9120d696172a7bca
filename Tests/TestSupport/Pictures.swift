import TensorKit

/// The test pictures of the compared systems' golden values: a tint for each picture and channel, a 7x7 mosaic, and half a
/// noise, in the order `(tint + mosaic) + 0.5 · noise`.
///
/// ## Shapes
/// → `[count, side, side, 3]`
public func goldenPictures(_ name: String, count: Int, side: Int = 224) -> Tensor {
  let (planes, cell) = (count * 3, side / 7)
  let tint = uniform("\(name).tint", planes)
  let mosaic = uniform("\(name).mosaic", planes * 49)
  var values = uniform("\(name).noise", planes * side * side)
  for plane in 0..<planes {
    for row in 0..<side {
      for column in 0..<side {
        let colour = tint[plane] + mosaic[(plane * 7 + row / cell) * 7 + column / cell]
        let place = (plane * side + row) * side + column
        values[place] = colour + 0.5 * values[place]
      }
    }
  }
  return StoredArray(shape: [count, 3, side, side], values: values).channelsLast
}
