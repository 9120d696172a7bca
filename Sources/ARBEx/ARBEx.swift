// What `import ARBEx` brings: everything that a plug-in or a program around arbex needs.
@_exported import FERCore
@_exported import FERData
@_exported import FERTools
@_exported import FERTraining
@_exported import NeuralKit
@_exported import Support
@_exported import TensorKit
