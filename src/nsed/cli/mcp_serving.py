"""What `nsed mcp` does: open experts and storage, serve, and leave nothing behind."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from nsed.checkpoints import open_checkpoints
from nsed.cli.exits import ExitCode
from nsed.cli.places import checkpoints_place, data_folder, telemetry_place
from nsed.config.file import load_config
from nsed.config.settings import Settings
from nsed.models.hire import Hire
from nsed.protocol.errors import ConfigError
from nsed.telemetry import open_telemetry

__all__ = ["serve"]


def serve(config: Path | None) -> None:
    """Serve until the client closes stdin, or a signal ends it.

    Args:
        config: The configuration file; by default the one `nsed ask` would use.

    Raises:
        ConfigError: The file is wrong, or the extra is missing.
    """
    settings = load_config(config)
    settings.config()  # what is wrong without any option is said now, not at a call
    try:
        import nsed.studio.mcp_server  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise ConfigError("MCP needs another package: pip install 'nsed[mcp]'") from (
            error
        )
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    from nsed.studio.mcp_server import serve_stdio  # noqa: PLC0415 - an extra
    from nsed.studio.run_service import RunService  # noqa: PLC0415 - with it

    hire = Hire(response_cache=settings.response_cache)
    _end_on_signals(hire)
    try:
        async with (
            open_telemetry(
                telemetry_place(settings.telemetry), folder=data_folder()
            ) as store,
            open_checkpoints(
                checkpoints_place(settings.checkpoints), folder=data_folder()
            ) as place,
        ):
            service = RunService(settings, hire=hire, store=store, checkpoints=place)
            try:
                await serve_stdio(service)
            finally:
                await service.aclose()
    finally:
        await hire.aclose()


def _end_on_signals(hire: Hire) -> None:
    """End at once, model servers included: reading stdin cannot be interrupted."""

    def end() -> None:
        hire.pool.close()
        os._exit(ExitCode.INTERRUPTED)

    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(sign, end)
