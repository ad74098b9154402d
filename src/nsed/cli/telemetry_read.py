"""What telemetry knows of the experts, read once; nothing, where it cannot be read."""

import asyncio
import logging
import time

from nsed.brokers.telemetry import Telemetry
from nsed.cli.telemetry_place import data_folder
from nsed.models.failures import redact
from nsed.nodes.telemetry_store import TelemetryStore
from nsed.telemetry import open_telemetry

__all__ = ["read_telemetry"]

_PATIENCE_S = 10.0

_log = logging.getLogger(__name__)


async def read_telemetry(place: str) -> Telemetry:
    """Read it all.

    Args:
        place: As `open_telemetry` takes it.

    Raises:
        ConfigError: There can be no store at such a place.
    """
    async with open_telemetry(place, folder=data_folder()) as store:
        if store is None:
            return Telemetry()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await TelemetryStore(store).read(time.time())
        # Nothing but the store's code can fail in there: what it raises is its own.
        except Exception as error:  # noqa: BLE001
            words = redact(f"{type(error).__name__}: {error}")
            _log.warning("telemetry cannot be read: %s", words)
            return Telemetry()
