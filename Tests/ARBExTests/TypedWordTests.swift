@testable import ARBEx
import FERCore
import Foundation
import TestSupport
import Testing

/// What people type who come from other programs, and the help for what recipes hold.
@Suite("Words that people type")
struct TypedWordTests {
  @Test(
    "a flag of other programs leads to what does the same here",
    arguments: [
      (["train", "r", "--epochs", "3"], "it is a value of the recipe: --set training.epochs=3"),
      (["train", "r", "--epochs=3"], "it is a value of the recipe: --set training.epochs=3"),
      (["train", "r", "--num_epochs", "3"], "it is a value of the recipe: --set training.epochs=3"),
      (["train", "r", "--batch", "8"], "it is a value of the recipe: --set training.batch=8"),
      (["train", "r", "--batch-size"], "it is a value of the recipe: --set training.batch=VALUE"),
      (
        ["train", "r", "--lr", "1e-3"],
        "it is a value of the recipe: --set training.optimizer.learningRate=1e-3"
      ),
      (["train", "r", "--seed", "4"], "it is a value of the recipe: --set seed=4"),
      (["recipe", "check", "r", "--seed", "4"], "it is a value of the recipe: --set seed=4"),
      (
        ["train", "r", "--device", "cuda:0"],
        "arbex computes on the CPU, with as many threads as ARBEX_THREADS says"
      ),
      (
        ["predict", "r", "i", "--gpu", "0"],
        "arbex computes on the CPU, with as many threads as ARBEX_THREADS says"
      ),
      (["train", "r", "--threads", "2"], "the variable ARBEX_THREADS says it: ARBEX_THREADS=2"),
      (["train", "--config", "r.json5"], "the recipe stands without a flag: train r.json5"),
      (["train", "r", "--output-dir", "x"], "here it is --out"),
      (["train", "r", "--pretrained", "x"], "here it is --init-from"),
      (["train", "r", "--dry-run"], "here it is --smoke"),
      (["train", "r", "--name", "a b"], "flags"),
      (["train", "r", "--sets", "a=b"], "did you mean \"--set\"?"),
    ])
  func flags(arguments: [String], words: String) {
    let told = Answer(arguments)
    #expect(told.code == 2 && told.output.isEmpty)
    #expect(told.remarks.contains(words), "\(told.remarks)")
  }

  @Test(
    "a key of other programs leads to the recipe's own",
    arguments: [
      ("optimizer.lr=0.1", "here it is training.optimizer.learningRate"),
      ("optimizer.use=adam", "here it is training.optimizer"),
      ("training.lr=0.1", "here it is training.optimizer.learningRate"),
      ("learning_rate=0.1", "here it is training.optimizer.learningRate"),
      ("batch_size=8", "here it is training.batch"), ("num_epochs=3", "here it is training.epochs"),
      ("weight_decay=0.1", "here it is training.optimizer.weightDecay"),
      ("momentum=0.9", "here it is training.optimizer.momentum"),
      ("training.batch_size=8", "did you mean \"batch\"?"),
      ("training.optimizer.lr=0.1", "did you mean \"learningRate\"?"),
      ("training.epoch=3", "did you mean \"epochs\"?"), ("epochs=3", "here it is training.epochs"),
    ])
  func keys(change: String, words: String) {
    let told = arbex("recipe", "check", ShippedRecipe.path("quickstart"), "--set", change)
    #expect(told.code == 2)
    #expect(told.remarked.first?.split(separator: "\n").first?.hasSuffix(words) == true, "\(told.remarks)")
  }

  @Test("every word leads to a key that there is")
  func places() throws {
    let registry = try Registry.builtins()
    let known = Set(RecipeHelp.all(for: registry).flatMap(\.names))
    for (word, place) in UsualWords.places {
      #expect(word == word.lowercased().filter { !"-_".contains($0) }, "\(word) is never looked for")
      let steps = place.split(separator: ".").map(String.init)
      let isOption = registry.summaries.contains { summary in
        steps.count > 1 && known.contains(steps.dropLast().joined(separator: "."))
          && summary.defaults[steps[steps.count - 1]] != nil
      }
      #expect(known.contains(place) || isOption, "\(word): \(place)")
    }
  }

  @Test("every key of every recipe has help: with a type, a default and a meaning")
  func complete() throws {
    let registry = try Registry.builtins()
    let help = RecipeHelp.all(for: registry)
    var (options, places): (Set<String>, [String]) = ([], [])
    for each in help {
      switch each {
      case .section(let keys): #expect(keys.options.allSatisfy { !$0.meaning.isEmpty && !$0.kind.isEmpty })
      case .place(let place, let path, let known):
        #expect(!place.meaning.isEmpty && !known.isEmpty, "\(path)")
        places.append("\(path)")
        let reserved = Set(["use"] + place.settings.map(\.key))
        #expect(known.allSatisfy { Set($0.reserved) == reserved }, "\(path)")
      case .option(let option, let path, _):
        #expect(!option.meaning.isEmpty, "\(path)")
        options.insert("\(path)")
      }
    }
    for name in ["quickstart", "arbex", "apvit", "scn", "ran", "efficientface"] {
      for value in try Recipe.shipped(name, registry: registry).values {
        let path = "\(value.path)"
        let isInside = places.contains { path.hasPrefix($0 + ".") || path.hasPrefix($0 + "[") || path == $0 }
        let isKey = options.contains { path == $0 || path.hasPrefix($0 + ".") }
        #expect(isInside || isKey, "\(path) has no help")
      }
    }
  }

  @Test(
    "the recipe's own keys are described by section, by path and by name",
    arguments: [
      ("training", "validateEvery"), ("training", "optimizer"), ("input", "normalize"),
      ("data", "pixelLimit"),
      ("data", "validation"), ("model", "initialWeights"), ("sampler", "known: class-balanced"),
      ("labels", "known: noise, relabel, teacher"), ("losses", "Factor of this loss"), ("name", "run folder"),
      ("seed", "whole number"), ("recipe", "extends"), ("training.gradientClip", "Largest norm"),
      ("patience", "Epochs without a better validation"), ("ema", "running mean"), ("best", "final accuracy"),
      ("model.backbone", "learningRateScale"), ("onBadImage", "one of fail, skip, quarantine"),
      ("optimizer", "known: adam, adamw, sam, sgd"), ("input.augment", "a list"),
    ])
  func described(name: String, words: String) throws {
    let told = arbex("plugins", "describe", name)
    #expect(told.code == 0 && told.output.contains(words), "\(told.output)")
    let json = try arbex("plugins", "describe", name, "--json").json()
    #expect((json["keys"] as? [[String: Any]])?.isEmpty == false)
  }

  @Test("what is not described is told with what was meant")
  func notDescribed() {
    #expect(arbex("plugins", "describe", "trainng").remarks.contains("did you mean \"training\"?"))
    #expect(
      arbex("plugins", "describe", "learning_rate").remarks.contains(
        "in a recipe it is training.optimizer.learningRate"))
  }

  @Test("three ways to ask for the version", arguments: ["--version", "-V", "version"])
  func version(word: String) {
    #expect(arbex(word).output == "arbex \(CommandLineTool.version)\n")
  }

  @Test(
    "a word for a shell",
    arguments: [("runs/a", "runs/a"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("", "''")])
  func quoted(text: String, word: String) { #expect(text.quotedForShell == word) }
}
