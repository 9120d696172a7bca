/// The operations of pickle that are known here: those that build data. Nothing else is ever done.
///
/// Source: CPython's `pickletools`, protocols 0 to 5.
enum PickleOpcode: UInt8 {
  case protocolNumber = 0x80
  case frame = 0x95
  case stop = 0x2E  // .

  // Stack and memo.
  case mark = 0x28  // (
  case pop = 0x30  // 0
  case popMark = 0x31  // 1
  case duplicate = 0x32  // 2
  case put = 0x70  // p
  case binaryPut = 0x71  // q
  case longPut = 0x72  // r
  case memoize = 0x94
  case get = 0x67  // g
  case binaryGet = 0x68  // h
  case longGet = 0x6A  // j

  // Plain values.
  case none = 0x4E  // N
  case newTrue = 0x88
  case newFalse = 0x89
  case integer = 0x49  // I
  case long = 0x4C  // L
  case integer4 = 0x4A  // J
  case integer1 = 0x4B  // K
  case integer2 = 0x4D  // M
  case long1 = 0x8A
  case long4 = 0x8B
  case number = 0x46  // F
  case binaryNumber = 0x47  // G
  case string = 0x53  // S
  case binaryString = 0x54  // T
  case shortString = 0x55  // U
  case unicode = 0x56  // V
  case binaryUnicode = 0x58  // X
  case shortUnicode = 0x8C
  case longUnicode = 0x8D
  case binaryBytes = 0x42  // B
  case shortBytes = 0x43  // C
  case longBytes = 0x8E
  case byteArray = 0x96

  // Containers.
  case emptyTuple = 0x29  // )
  case tuple = 0x74  // t
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case emptyList = 0x5D  // ]
  case list = 0x6C  // l
  case append = 0x61  // a
  case appends = 0x65  // e
  case emptyDictionary = 0x7D  // }
  case dictionary = 0x64  // d
  case setItem = 0x73  // s
  case setItems = 0x75  // u
  case emptySet = 0x8F
  case addItems = 0x90
  case frozenSet = 0x91

  // Names, and what Python would call: here they make arrays and containers, or values that do nothing.
  case global = 0x63  // c
  case stackGlobal = 0x93
  case extension1 = 0x82
  case extension2 = 0x83
  case extension4 = 0x84
  case reduce = 0x52  // R
  case build = 0x62  // b
  case newObject = 0x81
  case newObjectWithNames = 0x92
  case instance = 0x69  // i
  case object = 0x6F  // o
  case persistent = 0x50  // P
  case binaryPersistent = 0x51  // Q
}
