"""The command line: `nsed ask`, `show`, `graph`, `models`, `config`."""

from nsed.cli.app import main

__all__ = ["main"]
