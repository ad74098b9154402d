"""What `nsed serve` does: settle the settings, have weights, listen, say where."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from nsed.cli.consoles import stderr_console
from nsed.cli.places import checkpoints_place, data_folder, telemetry_place
from nsed.cli.pulling import pull_missing
from nsed.cli.server_log import server_log
from nsed.config.file import load_config
from nsed.config.server import ServerSettings
from nsed.config.settings import Settings
from nsed.protocol.errors import ConfigError
from nsed.seated import seated

__all__ = ["Serving", "run_server"]

_NEEDED = ("fastapi", "sse_starlette", "uvicorn")


@dataclass(frozen=True, kw_only=True)
class Serving:
    """The command line of one `nsed serve`."""

    config: Path | None
    preset: str | None
    host: str | None
    port: int | None
    quiet: bool
    pull: bool


def run_server(wanted: Serving) -> None:
    """Serve until Ctrl-C.

    Raises:
        ConfigError: It cannot be served so; nothing was begun.
        WeightError: Weights of local models are missing.
    """
    if any(find_spec(name) is None for name in _NEEDED):
        raise ConfigError("the server needs other packages: pip install 'nsed[serve]'")
    from nsed.studio.admitting import admission_for  # noqa: PLC0415 - of an extra
    from nsed.studio.doors_list import doors_of  # noqa: PLC0415
    from nsed.studio.listening import listen_at, serve  # noqa: PLC0415
    from nsed.studio.server import create_app  # noqa: PLC0415

    settings = _settled(wanted)
    telemetry = telemetry_place(settings.telemetry)
    checkpoints = checkpoints_place(settings.checkpoints)
    admission = admission_for(settings.server, data_folder())
    config = settings.config()
    listener = listen_at(settings.server.host, settings.server.port)
    with listener, server_log(requests=not wanted.quiet):
        pull_missing(seated(config, "deliberation"), fetch=wanted.pull)
        app = create_app(
            settings,
            telemetry=telemetry,
            checkpoints=checkpoints,
            folder=data_folder(),
            admission=admission,
        )
        address = _address(settings.server, listener.getsockname()[1])
        doors = doors_of(app)
        ready = _announced(address, doors, keys=len(admission.ring.keys))
        asyncio.run(serve(app, listener, ready=ready))
        stderr_console().print("Ended. Runs that were at work are in: nsed runs")


def _settled(wanted: Serving) -> Settings:
    """The file, with the options and the preset on top."""
    settings = load_config(wanted.config)
    settings.config(preset=wanted.preset)  # a wrong name, or a clash, is said now
    options = {"host": wanted.host, "port": wanted.port}
    given = {key: value for key, value in options.items() if value is not None}
    try:
        server = ServerSettings.model_validate(
            {**settings.server.model_dump(), **given}
        )
    except ValueError as error:
        raise ConfigError(
            '--host: should be an address or a name, such as "127.0.0.1"'
        ) from error
    knobs = {**settings.knobs, **settings.presets.get(wanted.preset or "", {})}
    return replace(settings, server=server, knobs=knobs)


def _address(server: ServerSettings, port: int) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(server.host, server.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _announced(
    address: str, doors: Mapping[str, str], *, keys: int
) -> Callable[[], None]:
    """Say which doors are there, once they are open."""
    who = (
        f"Keys: {keys}; send one as Authorization: Bearer KEY"
        if keys
        else "No keys: everybody on this machine may ask (nsed keys add NAME)"
    )
    places = {"Serving": "", **doors}

    def say() -> None:
        console = stderr_console()
        for name, path in places.items():
            console.print(f"{name + ':':<17}{address}{path}", soft_wrap=True)
        for line in (who, "Ctrl-C ends it."):
            console.print(line, soft_wrap=True)

    return say
