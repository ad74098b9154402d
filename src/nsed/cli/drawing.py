"""Drawings of the graphs, made on this machine: no web service is asked."""

import sys
from pathlib import Path

import typer

from nsed.graphs.catalogue import create_graph
from nsed.protocol.errors import ConfigError, did_you_mean

__all__ = ["draw"]

_FORMS = ("mermaid", "ascii", "png")


def draw(name: str, *, form: str, png: Path | None) -> None:
    """Draw a graph on stdout, or as a picture into a file.

    Raises:
        ConfigError: No such graph or form, a missing package, or an unwritable file.
    """
    if form not in _FORMS:
        raise ConfigError(
            f"--format: should be one of {', '.join(_FORMS)}."
            f"{did_you_mean(form, _FORMS)}"
        )
    if form == "png" and png is None and sys.stdout.isatty():
        raise ConfigError("a picture is not for the terminal; give --png FILE")
    drawable = create_graph(name).compile().get_graph()
    try:
        if png is not None or form == "png":
            picture = drawable.draw_png(None)
            if png is None:
                sys.stdout.buffer.write(picture)
                return
            png.write_bytes(picture)
            typer.echo(f"Written: {png}", err=True)
        elif form == "ascii":
            typer.echo(drawable.draw_ascii())
        else:
            typer.echo(drawable.draw_mermaid().rstrip())
    except ImportError as error:
        raise ConfigError(
            "this drawing needs more packages: pip install 'nsed[draw]'"
        ) from error
    except OSError as error:
        raise ConfigError(f"{png}: {error.strerror or error}") from error
