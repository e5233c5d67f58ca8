"""The command line: parse, call, print, exit code."""

from nullprobe.cli.app import app, main

__all__ = ["app", "main"]
