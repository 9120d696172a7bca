import ARBEx

CommandLineTool.main(plugins: [PrototypePlugin.self])
