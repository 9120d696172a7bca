import Testing

@testable import Support

@Suite("JSON5")
struct JSON5Tests {
  @Test(
    "every form of value",
    arguments: [
      ("{a: 1, 'b': \"x\", c: [1, 2,], /* d */ e: {},} // end", #"{"a": 1, "b": "x", "c": [1, 2], "e": {}}"#),
      ("\u{FEFF}[null, true, false]", "[null, true, false]"),
      ("[0x10, .5, 5., +3, -0, 1e3]", "[16, 0.5, 5, 3, 0, 1000]"),
      ("[1e-4, -2.5, 9007199254740993]", "[0.0001, -2.5, 9007199254740993]"),
      (#"["\u0041\n\x42\ud83d\ude00", 'it"s']"#, #"["A\nB😀", "it\"s"]"#),
      ("{a:\r\n1}", #"{"a": 1}"#),
      ("{überschrift: 1, $a_2: 2}", #"{"$a_2": 2, "überschrift": 1}"#),
    ])
  func values(text: String, expected: String) throws {
    #expect(try JSON5Parser.parse(text).value.oneLine == expected)
  }

  @Test(
    "mistakes are named by line, column and sentence",
    arguments: [
      ("", 1, 1, "expected a value, found the end"),
      ("{a: 1,\n a: 2}", 2, 2, "a is given twice"),
      ("{m: {x: 1,\n\n 'x': 2}}", 3, 2, "m.x is given twice"),
      ("{a: yes}", 1, 5, #"expected a value, found "yes"; text needs quotation marks"#),
      ("{a: [1, 2}", 1, 10, #"expected "," or "]", found "}""#),
      ("{a 1}", 1, 4, #"expected ":" after a, found "1""#),
      ("{a: 1} x", 1, 8, #"expected the end, found "x""#),
      ("{a: 'x\ny'}", 1, 5, "this text does not end on its line"),
      ("{a: 1 /* b", 1, 7, "this comment does not end"),
      ("{a: 007}", 1, 5, #"expected a value, found "007"; text needs quotation marks"#),
      ("{a: \u{0}}", 1, 5, #"expected a value, found "\u0000""#),
      ("{1a: 2}", 1, 2, #"expected a key, found "1""#),
    ])
  func mistakes(text: String, line: Int, column: Int, message: String) {
    #expect(throws: JSON5Parser.Problem(line: line, column: column, message: message)) {
      try JSON5Parser.parse(text)
    }
  }

  @Test("a hundred thousand brackets are refused, not followed")
  func depth() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(
      throws: JSON5Parser.Problem(line: 1, column: 66, message: "more than 64 levels inside one another")
    ) {
      try JSON5Parser.parse(deep)
    }
  }

  @Test("values know their lines")
  func lines() throws {
    let lines = try JSON5Parser.parse("{\n a: 1,\n b: [\n  2]}").lines
    #expect(lines[JSONPath("a")] == 2)
    #expect(lines[JSONPath("b")] == 3)
  }

  @Test("written text reads back as the same value")
  func roundTrip() throws {
    let value = try JSON5Parser.parse(
      """
      { name: "a \\"b\\" \\n", list: [1, -2.5, 1e-7, [], {}, null, true], nested: { deep: [{ x: 'y' }, [[0x1F]]] },
        "quoted key": "é \\u2028", long: [\(Array(1...60).map(String.init).joined(separator: ", "))] }
      """
    ).value
    #expect(try JSON5Parser.parse(value.pretty()).value == value)
    #expect(try JSON5Parser.parse(value.oneLine).value == value)
  }

  @Test("members in the order they were added; what is not finite is null")
  func ordered() {
    var inner = OrderedObject()
    inner.add("z", 1)
    inner.add("a", Double.nan)
    var object = OrderedObject()
    object.add("name", "\"x\"\u{7}")
    object.add("share", 0.5)
    object.add("parts", [inner, OrderedObject()])
    object.add("words", .texts(["b", "a"]))
    #expect(
      object.text
        == #"{"name": "\"x\"\u0007", "share": 0.5, "parts": [{"z": 1, "a": null}, {}], "words": ["b", "a"]}"#)
  }

  @Test("Codable values as text and back")
  func coding() throws {
    let text = try JSONValue.text(encoding: ["b": 0.1, "a": 2])
    #expect(text == #"{"a":2,"b":0.1}"#)
    #expect(JSONValue.decoded(from: text) == ["a": 2, "b": 0.1])
    #expect(JSONValue.decoded([String].self, from: "[1]") == nil)
    #expect(try JSONValue.encoding([1.5]) == .array([.double(1.5)]))
    #expect(throws: EncodingError.self) { try JSONValue.encoding([Double.nan]) }
  }
}
