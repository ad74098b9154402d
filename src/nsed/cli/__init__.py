"""The command line: `nsed ask`, `plan`, `pool`, `show`, `graph`, `models`, `config`."""

from nsed.cli.app import main

__all__ = ["main"]
