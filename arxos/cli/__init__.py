"""The command line: every command of `arxos`."""
