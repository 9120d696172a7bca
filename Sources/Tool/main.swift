import ARBEx

CommandLineTool.main()
