import ARBEx
import Outside

CommandLineTool.main(plugins: [OutsidePlugin.self])
