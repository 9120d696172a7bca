import FERCore
import Support

/// Flags that people know from other programs.
enum UsualFlags {
  /// By the flag's letters in small, without dashes: what does it here.
  private static let others: [(words: [String], flag: String)] = [
    (["output", "outdir", "outputdir", "savedir", "logdir", "workdir", "rundir", "o"], "--out"),
    (["initfrom", "finetune", "weights", "pretrained", "pretrain", "init"], "--init-from"),
    (["out", "output", "outputfile", "o", "file", "f"], "--onnx"),
    (["continue", "resumefrom", "checkpoint", "ckpt", "restart", "autoresume"], "--resume"),
    (["force", "yes", "y", "ignore"], "--anyway"),
    (["debug", "dryrun", "fastdevrun", "sanitycheck", "test"], "--smoke"),
    (["steps", "maxiter", "maxiters", "iterations"], "--max-steps"),
    (["video", "webcam", "camera", "film", "stdin"], "--stream"),
    (["detect", "detectfaces", "face", "crop", "align"], "--faces"),
    (["amp", "fp16", "bf16", "half", "dtype", "float16", "bfloat16"], "--precision"),
  ]
  private static let devices = ["device", "devices", "gpu", "gpus", "gpuid", "cuda", "cpu", "accelerator"]
  private static let threads = ["threads", "numthreads", "nthreads", "jobs", "j", "cores"]
  private static let recipes = ["config", "cfg", "recipe", "c"]

  /// What follows "has no flag X": what does the same here. Nil where nobody knows.
  static func hint(for flag: String, value: String?, of verb: Verb) -> String? {
    let word = flag.lowercased().filter { !"-_".contains($0) }
    if devices.contains(word) {
      return "; arbex computes on the CPU, with as many threads as ARBEX_THREADS says"
    }
    if threads.contains(word) { return "; the variable ARBEX_THREADS says it: ARBEX_THREADS=\(value ?? "N")" }
    if recipes.contains(word), verb.arguments.first?.name.contains("RECIPE") == true {
      return "; the recipe stands without a flag: \(verb.name) \((value ?? "RECIPE").printable)"
    }
    for other in others
    where other.words.contains(word) && verb.flags.contains(where: { $0.name == other.flag }) {
      return "; here it is \(other.flag)"
    }
    // Only where a recipe is trained or looked at do all of its values matter.
    guard verb.name == "train" || verb.name.hasPrefix("recipe"), let place = UsualWords.place(of: word) else {
      return nil
    }
    return "; it is a value of the recipe: --set \(place)=\((value ?? "VALUE").quotedForShell)"
  }
}

extension String {
  /// As a shell reads it as one word.
  var quotedForShell: String {
    let plain = { (character: Character) in
      character.isASCII && (character.isLetter || character.isNumber || "-_./=:,+@%".contains(character))
    }
    return !isEmpty && allSatisfy(plain) ? self : "'" + replacing("'", with: "'\\''") + "'"
  }
}
