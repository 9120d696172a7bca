import FERCore
@testable import FERData

/// A tiny copy of every layout that is read.
extension Layout {
  static let all = [
    rafDB, affWild2, ferPlusPixels, ferPlusImages, fer2013Table, fer2013Challenge, fer2013Folders, jaffe,
    ferg,
    affectNetTable, affectNetArrays, manifest, classFolders,
  ]

  // MARK: RAF-DB

  static let rafDB = Layout(
    dataset: "raf-db", classes: ClassOrder.rafDB.names, splits: ["train", "test"],
    write: { folder in
      var (list, images) = ("", [WrittenImage]())
      // Two images of each class to learn from, one of each to test, labels counting from 1.
      for number in 1...21 {
        let label = (number - 1) % 7 + 1
        let split = number <= 14 ? "train" : "test"
        let name = split == "train" ? "train_\(padded(number, 5))" : "test_\(padded(number - 14, 4))"
        list += "\(name).jpg \(label)\n"
        images.append(.init(id: "\(name)_aligned.jpg", name: ClassOrder.rafDB.names[label - 1], split: split))
      }
      try folder.write(list, to: "EmoLabel/list_patition_label.txt")
      try folder.copy("colour.jpg", to: images.map { "Image/aligned/\($0.id)" })
      return images
    })

  // MARK: Aff-Wild2

  static let affWild2 = Layout(
    dataset: "aff-wild2", classes: ClassOrder.affWild2.names, splits: ["train", "validation"],
    write: { folder in
      var images: [WrittenImage] = []
      let videos = [
        ("Train_Set", "train", "1-30-1280x720", "1-30-1280x720", [0, 1, 2, 3, -1, 4]),
        ("Train_Set", "train", "video46_left", "video46", [5, 6, 7]),
        ("Train_Set", "train", "video46_right", "video46", [-1, 0]),
        ("Validation_Set", "validation", "video9", "video9", [7, 6, 5, 4, 3, 2, 1, 0]),
      ]
      for (set, split, video, group, labels) in videos {
        let lines = ["Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other"] + labels.map(String.init)
        try folder.write(
          lines.joined(separator: "\r\n"), to: "EXPR_Classification_Challenge/\(set)/\(video).txt")
        for (index, label) in labels.enumerated() {
          // No face was found in the third frame of the first video.
          let name = "\(video)/\(padded(index + 1, 5)).jpg"
          if name == "1-30-1280x720/00003.jpg" { continue }
          try folder.copy("grey.jpg", to: ["cropped_aligned/\(name)"])
          if label >= 0 {
            images.append(.init(id: name, name: ClassOrder.affWild2.names[label], group: group, split: split))
          }
        }
      }
      return images
    })

  // MARK: FER+ and FER2013

  private static let usages = ["Training": "train", "PublicTest": "validation", "PrivateTest": "test"]

  /// Votes that leave no doubt: eight for the class and two single ones; then a face without a name, one that is
  /// unknown and one that is no face.
  private static func votes() -> (
    table: String, rows: [(usage: String, image: String, winner: Int?, votes: String)]
  ) {
    var rows: [(String, String, Int?, String)] = []
    for usage in ["Training", "PublicTest", "PrivateTest"] {
      for winner in 0..<8 {
        var votes = [Int](repeating: 0, count: 10)
        votes[winner] = 8
        votes[(winner + 1) % 8] = 1
        votes[8] = 1
        let image = "fer\(padded(rows.count, 7)).png"
        rows.append((usage, image, winner, votes.map(String.init).joined(separator: ",")))
      }
      rows.append((usage, "", nil, "0,0,0,0,0,0,0,0,0,10"))
      rows.append((usage, "fer\(padded(rows.count, 7)).png", nil, "2,0,0,0,0,0,0,0,8,0"))
      rows.append((usage, "fer\(padded(rows.count, 7)).png", nil, "0,0,0,1,0,0,0,0,0,9"))
    }
    let header =
      "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n"
    return (header + rows.map { "\($0.0),\($0.1),\($0.3)\n" }.joined(), rows)
  }

  private static func ferPlusImages(_ rows: [(usage: String, image: String, winner: Int?, votes: String)])
    -> [WrittenImage]
  {
    rows.compactMap { row in
      row.winner.map {
        .init(id: row.image, name: ClassOrder.ferPlus.names[$0], split: usages[row.usage] ?? "")
      }
    }
  }

  static let ferPlusPixels = Layout(
    dataset: "ferplus", form: "pixels in fer2013.csv", classes: ClassOrder.ferPlus.names,
    splits: ["train", "validation", "test"],
    write: { folder in
      let (table, rows) = votes()
      try folder.write(table, to: "fer2013new.csv")
      let faces = rows.enumerated().map { "0,\(pixels($0.offset)),\($0.element.usage)\n" }
      try folder.write("emotion,pixels,Usage\n" + faces.joined(), to: "fer2013.csv")
      return ferPlusImages(rows)
    })

  static let ferPlusImages = Layout(
    dataset: "ferplus", form: "image files", classes: ClassOrder.ferPlus.names,
    splits: ["train", "validation", "test"],
    write: { folder in
      let (_, rows) = votes()
      let folders = ["Training": "FER2013Train", "PublicTest": "FER2013Valid", "PrivateTest": "FER2013Test"]
      for (usage, name) in folders {
        let own = rows.filter { $0.usage == usage && !$0.image.isEmpty }
        // Older copies of label.csv have the face's box in the second column.
        let box = usage == "Training" ? "" : "\"(0, 0, 48, 48)\","
        try folder.write(own.map { "\($0.image),\(box)\($0.votes)\r\n" }.joined(), to: "\(name)/label.csv")
        for row in own { try folder.write(plainPNG(), to: "\(name)/\(row.image)") }
      }
      return ferPlusImages(rows)
    })

  /// A face whose first pixel tells its number.
  static func pixels(_ number: Int) -> String {
    ([number % 256] + [Int](repeating: 128, count: 48 * 48 - 1)).map(String.init).joined(separator: " ")
  }

  private static func fer2013Rows() -> [(row: String, emotion: Int, usage: String)] {
    (0..<21).map { number in
      ("row \(number)", number % 7, ["Training", "PublicTest", "PrivateTest"][number / 7])
    }
  }

  static let fer2013Table = Layout(
    dataset: "fer2013", form: "fer2013.csv", classes: ClassOrder.fer2013.names,
    splits: ["train", "validation", "test"],
    write: { folder in
      let rows = fer2013Rows()
      let lines = rows.enumerated().map { "\($1.emotion),\"\(pixels($0))\",\($1.usage)\n" }
      try folder.write("emotion,pixels,Usage\n" + lines.joined(), to: "fer2013.csv")
      return rows.map {
        .init(id: $0.row, name: ClassOrder.fer2013.names[$0.emotion], split: usages[$0.usage] ?? "")
      }
    })

  static let fer2013Challenge = Layout(
    dataset: "fer2013", form: "icml_face_data.csv", classes: ClassOrder.fer2013.names,
    splits: ["train", "validation", "test"],
    write: { folder in
      let rows = fer2013Rows()
      let lines = rows.enumerated().map { "\($1.emotion),\($1.usage),\(pixels($0))\r\n" }
      try folder.write("emotion, Usage, pixels\r\n" + lines.joined(), to: "icml_face_data.csv")
      return rows.map {
        .init(id: $0.row, name: ClassOrder.fer2013.names[$0.emotion], split: usages[$0.usage] ?? "")
      }
    })

  static let fer2013Folders = Layout(
    dataset: "fer2013", form: "folders", classes: ClassOrder.fer2013.names, splits: ["train", "test"],
    write: { folder in
      var images: [WrittenImage] = []
      let names = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
      for (split, prefix) in [("train", "Training_"), ("test", "PrivateTest_")] {
        for (index, name) in names.enumerated() {
          let file = "\(name)/\(prefix)\(1000 + index).jpg"
          try folder.copy("grey.jpg", to: ["\(split)/\(file)"])
          images.append(.init(id: file, name: ClassOrder.fer2013.names[index], split: split))
        }
      }
      return images
    })

  // MARK: people and characters

  static let jaffe = Layout(
    dataset: "jaffe", classes: ["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"],
    splits: ["all"],
    write: { folder in
      var images: [WrittenImage] = []
      let codes = [
        "AN": "anger", "DI": "disgust", "FE": "fear", "HA": "happiness", "NE": "neutral", "SA": "sadness",
      ]
      .merging(["SU": "surprise"]) { a, _ in a }
      for person in ["KA", "KL", "YM"] {
        for (code, name) in codes.sorted(by: { $0.key < $1.key }) {
          for take in 1...2 {
            let file = "\(person).\(code)\(take).\(images.count + 1).tiff"
            images.append(.init(id: file, name: name, group: person, split: "all"))
          }
        }
      }
      try folder.copy("grey.tiff", to: images.map(\.id))
      try folder.write("Japanese Female Facial Expression", to: "README")
      return images
    })

  static let ferg = Layout(
    dataset: "ferg-db", classes: ["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"],
    splits: ["all"],
    write: { folder in
      var images: [WrittenImage] = []
      for character in ["aia", "bonnie", "jules", "malcolm", "mery", "ray"] {
        for name in ["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"] {
          for number in 1...3 {
            let file = "\(character)/\(character)_\(name)/\(character)_\(name)_\(number).png"
            try folder.write(
              plainPNG([UInt8(number), UInt8(name.utf8.count), UInt8(character.utf8.count)]), to: file)
            images.append(.init(id: file, name: name, group: character, split: "all"))
          }
        }
      }
      return images
    })

  // MARK: AffectNet

  static let affectNetTable = Layout(
    dataset: "affectnet", form: "tables", classes: ClassOrder.affectNet.names,
    splits: ["train", "validation"],
    write: { folder in
      var images: [WrittenImage] = []
      let header =
        "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\n"
      for (split, file, count) in [("train", "training.csv", 19), ("validation", "validation.csv", 11)] {
        // The authors' validation.csv has no header.
        var text = split == "train" ? header : ""
        for number in 0..<count {
          let name = "\(number % 3)/\(split)\(number).jpg"
          text += "\(name),2,1,6,5,10.5;20.5;11;21,\(number % 11),-0.5,0.25\n"
          try folder.copy("colour.jpg", to: ["Manually_Annotated_Images/\(name)"])
          // 8 none, 9 uncertain, 10 no face.
          if number % 11 < 8 {
            images.append(.init(id: name, name: ClassOrder.affectNet.names[number % 11], split: split))
          }
        }
        try folder.write(text, to: file)
      }
      return images
    })

  static let affectNetArrays = Layout(
    dataset: "affectnet", form: ".npy annotations", classes: ClassOrder.affectNet.names,
    splits: ["train", "validation"],
    write: { folder in
      var images: [WrittenImage] = []
      for (split, set) in [("train", "train_set"), ("validation", "val_set")] {
        for number in 0..<8 {
          try folder.copy("colour.jpg", to: ["\(set)/images/\(number * 7).jpg"])
          try folder.write(textArray("\(number)"), to: "\(set)/annotations/\(number * 7)_exp.npy")
          for other in ["val", "aro", "lnd"] {
            try folder.write(textArray("0.5"), to: "\(set)/annotations/\(number * 7)_\(other).npy")
          }
          images.append(
            .init(id: "\(number * 7).jpg", name: ClassOrder.affectNet.names[number], split: split))
        }
      }
      return images
    })

  /// A `.npy` file of a single text, as NumPy writes it: format 1, a header filled up to 128 bytes, four bytes a character.
  static func textArray(_ text: String) -> [UInt8] {
    var header = "{'descr': '<U\(text.unicodeScalars.count)', 'fortran_order': False, 'shape': (), }"
    header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8)
      + text.unicodeScalars.flatMap { [UInt8($0.value), 0, 0, 0] }
  }

  // MARK: tables and folders of one's own

  static let manifest = Layout(
    dataset: "manifest", classes: ["angry", "happy", "sad"], splits: ["train", "validation", "test"],
    options: { ["file": .string("\($0)/list.tsv")] },
    write: { folder in
      var (text, images) = ("split\tnotes\tPath\tLabel\tperson\n", [WrittenImage]())
      for number in 0..<12 {
        let (split, name) = (
          ["train", "val", "test", "train"][number / 3], ["angry", "happy", "sad"][number % 3]
        )
        let file = "faces \(number % 2)/\(number).png"
        text += "\(split)\t\"a \"\"tab\"\"\tin it\"\t\(file)\t\(name)\tp\(number % 4)\n"
        try folder.write(plainPNG(), to: file)
        images.append(
          .init(id: file, name: name, group: "p\(number % 4)", split: split == "val" ? "validation" : split))
      }
      try folder.write(text, to: "list.tsv")
      return images
    })

  static let classFolders = Layout(
    dataset: "class-folders", classes: ["Fear", "anger", "joy"], splits: ["train", "val"],
    write: { folder in
      var images: [WrittenImage] = []
      for split in ["train", "val"] {
        for name in ["anger", "joy", "Fear"] {
          for file in ["\(name)/1.png", "\(name)/2.png"] {
            try folder.write(plainPNG(), to: "\(split)/\(file)")
            images.append(.init(id: file, name: name, split: split))
          }
        }
      }
      return images
    })

  private static func padded(_ number: Int, _ width: Int) -> String {
    String(repeating: "0", count: max(0, width - "\(number)".count)) + "\(number)"
  }
}
