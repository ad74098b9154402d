"""Fetching weights with a progress bar: before a run, or on request."""

from collections.abc import Sequence

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from nsed.cli.consoles import stderr_console
from nsed.models.hire import weight_of, weights_cache, weights_paths
from nsed.models.weights import PullProgress, locate, pull
from nsed.models.weights_manifest import Weight
from nsed.protocol.errors import WeightError
from nsed.state.expert_config import ExpertConfig

__all__ = ["pull_missing", "pull_weights"]


def pull_missing(
    experts: Sequence[ExpertConfig], *, fetch: bool, quiet: bool = False
) -> None:
    """Have the weights of all embedded experts here, before anybody is asked.

    Raises:
        WeightError: They are not here, and `fetch` is False or fetching failed.
    """
    named = (weight_of(expert) for expert in experts)
    weights = {w.name: w for w in named if w is not None}.values()
    cache, paths = weights_cache(), weights_paths()
    missing = [
        w for w in weights if locate(w, cache_dir=cache, user_paths=paths) is None
    ]
    if missing and not fetch:
        names = " ".join(weight.name for weight in missing)
        raise WeightError(
            f"weights are missing and --no-pull is given: {names}. "
            f"Fetch them with: nsed models pull {names}"
        )
    pull_weights(missing, quiet=quiet)


def pull_weights(
    weights: Sequence[Weight], *, accept_licence: bool = False, quiet: bool = False
) -> None:
    """Fetch weights one after the other.

    Raises:
        WeightError: One line: what was tried, what went wrong, what to do.
    """
    if not weights:
        return
    console = stderr_console()
    console.quiet = quiet
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[source]}", markup=False),
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        for weight in weights:
            console.print(
                f"Pulling {weight.name}: {weight.size_bytes / 1e6:,.0f} MB, "
                f"licence {weight.licence}",
                soft_wrap=True,
            )
            task = progress.add_task(weight.name, total=weight.size_bytes, source="")

            def show(state: PullProgress, task=task) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
                progress.update(task, completed=state.bytes_done, source=state.source)

            try:
                pull(
                    weight,
                    cache_dir=weights_cache(),
                    user_paths=weights_paths(),
                    on_progress=show,
                    accept_licence=accept_licence,
                )
            except KeyboardInterrupt:
                progress.stop()
                console.print(
                    f"What was fetched of {weight.name} is kept; the next pull goes "
                    "on from there.",
                    soft_wrap=True,
                )
                raise
