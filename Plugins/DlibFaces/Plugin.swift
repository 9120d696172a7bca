import FERCore

/// dlib's detector of frontal faces; registered also where the program was built without dlib, so that recipes that name it
/// can be read everywhere.
public enum DlibFacesPlugin: Plugin {
  /// Registers the detector.
  public static func register(in registry: inout Registry) throws {
    try registry.faceDetectors.register(
      "dlib", DlibFaces.self,
      "frontal faces from 80 pixels on, by dlib"
        + (DlibFaces.isBuiltIn ? "" : "; not in this build: make build FACES=1"))
  }
}
