"""The table of `nsed models list`."""

from rich import box
from rich.table import Table

from nsed.cli.consoles import stdout_console
from nsed.models.hire import weights_cache, weights_paths
from nsed.models.weights import locate
from nsed.models.weights_manifest import load_manifest

__all__ = ["print_weights"]


def print_weights() -> None:
    """Print name, licence, size, and whether a file with the right hash is here."""
    cache, paths = weights_cache(), weights_paths()
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    table.add_column("Name", overflow="fold")
    table.add_column("Licence", overflow="fold")
    table.add_column("Size", justify="right", no_wrap=True)
    table.add_column("Here")
    for weight in load_manifest().values():
        here = locate(weight, cache_dir=cache, user_paths=paths) is not None
        terms = " (on request)" if weight.on_request else ""
        table.add_row(
            weight.name,
            weight.licence + terms,
            f"{weight.size_bytes / 1e6:,.0f} MB",
            "yes" if here else "no",
        )
    console = stdout_console()
    console.print(table)
    console.print(f"Cache: {cache}", soft_wrap=True)
