"""What several tools share; the tools themselves are the modules of `runner.lab.tools`."""
