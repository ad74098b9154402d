"""Who may ask, and how much: the seam between the doors and the keys."""

import asyncio
import logging
import sqlite3
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from nsed.call_settings import adjusted
from nsed.protocol.errors import BudgetError, ConfigError, InfeasibleTeam
from nsed.protocol.usage import NANO_USD
from nsed.state.context import DeliberationConfig
from nsed.studio.access_key import AccessKey
from nsed.studio.accounts import Account, Accounts, open_accounts
from nsed.studio.credentials import presented
from nsed.studio.granted import Granted
from nsed.studio.key_ring import KeyRing
from nsed.studio.meter import Meter
from nsed.studio.purse import no_money, share_of
from nsed.studio.refusal import RefusedError
from nsed.studio.run_limits import RunLimits
from nsed.studio.sessions import Sessions

__all__ = ["DEFAULT_PRESET", "Admission", "Caller", "Granted", "TheCaller"]

DEFAULT_PRESET = "default"
"""What a key's list of presets calls the settings without a preset."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Caller:
    """Whoever sends a request."""

    name: str = ""
    """Name of the key; empty: a user of this machine, where no keys are asked for."""
    key: AccessKey | None = field(default=None, repr=False)

    def may_use(self, preset: str | None) -> bool:
        """Whether a preset, or None: no preset, is among those of the key."""
        if self.key is None or self.key.presets is None:
            return True
        return (preset or DEFAULT_PRESET) in self.key.presets


@dataclass
class Admission:
    """Lets requests in; by default anybody, as on a machine of one's own."""

    ring: KeyRing = field(default_factory=KeyRing)
    place: Path | None = None
    """The file of accounts; None: nothing is counted, and no key has a budget."""
    most_runs: int = 256
    session_hours: float = 12.0
    accounts: Accounts | None = None
    limits: RunLimits = field(init=False)
    sessions: Sessions = field(init=False)
    _leaving: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Count from zero."""
        self.limits = RunLimits(self.most_runs)
        self.sessions = Sessions(self.session_hours)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Have the accounts open, and at the end settle what is left."""
        if self.place is None:
            yield
            return
        async with open_accounts(self.place) as self.accounts:
            try:
                yield
            finally:
                await asyncio.gather(*self._leaving)

    async def caller(self, request: Request) -> Caller:
        """Who sends a request.

        Raises:
            RefusedError: Nobody we know, and a key is asked for.
        """
        await self.ring.refresh()
        if not self.ring.required:
            return Caller()
        key = await presented(request, self.ring, self.sessions)
        return Caller(key.name, key)

    @asynccontextmanager
    async def enter(
        self, caller: Caller, config: DeliberationConfig, *, preset: str | None = None
    ) -> AsyncIterator[Granted]:
        """Let one run in, for as long as it takes.

        Give what is granted to `RunService.begin`; the run may outlast this context.

        Args:
            caller: Who asks.
            config: The run's settings, all wishes of the request included.
            preset: By which they were chosen; None: none.

        Raises:
            RefusedError: It may not run, or not now.
        """
        key = caller.key
        if not caller.may_use(preset):
            raise RefusedError(
                403,
                f"this key may not use {preset or DEFAULT_PRESET!r}",
                code="model_not_allowed",
                type="permission_error",
            )
        undo = self.limits.enter(
            caller.name,
            per_minute=key.runs_per_minute if key else None,
            concurrent=key.concurrent if key else None,
        )
        id_ = uuid.uuid4().hex
        try:
            granted = await self._grant(id_, key, config)
        except BaseException:
            undo()
            raise
        try:
            yield granted
        except (BudgetError, InfeasibleTeam) as error:
            if granted.config.max_usd == config.max_usd or not _of_money(error):
                raise
            raise no_money(
                "what this key has left for one run does not carry the first round"
            ) from error
        finally:
            leaving = asyncio.create_task(self._leave(id_, caller, granted))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
            if granted.run is None or granted.run.over:
                await asyncio.shield(leaving)

    async def _grant(
        self, id_: str, key: AccessKey | None, config: DeliberationConfig
    ) -> Granted:
        if key is None or key.budget_usd is None:
            return Granted(config)
        accounts = self.accounts
        if accounts is None:
            raise RefusedError(503, "no accounts are open", code="no_accounts")
        try:
            adjusted(config, max_usd=key.budget_usd)
        except ConfigError as error:
            raise RefusedError(
                403,
                "this key has a budget in US dollars, and the settings do not allow "
                f"one: {error}",
                code="price_unknown",
                type="permission_error",
            ) from error

        def wish(account: Account) -> int:
            return share_of(account, key, config)

        try:
            amount = await accounts.set_aside(id_, key.name, wish, per_day=key.per_day)
        except sqlite3.Error as error:
            raise _unwritable() from error

        async def note(owed: int) -> None:
            try:
                await accounts.owe(id_, owed)
            except sqlite3.Error as error:
                raise _unwritable() from error

        return Granted(
            adjusted(config, max_usd=amount / NANO_USD),
            set_aside=amount,
            meter=Meter(note),
        )

    async def _leave(self, id_: str, caller: Caller, granted: Granted) -> None:
        """Wait for the end of the run, and book what it cost."""
        try:
            if granted.run is not None:
                await granted.run.wait()
        finally:
            self.limits.leave(caller.name)
        if caller.key is None or self.accounts is None:
            return
        try:
            await self.accounts.settle(id_, caller.name, granted.cost)
        except sqlite3.Error as error:  # what was set aside stays so
            _log.warning("a run is not settled: %s", type(error).__name__)


def _of_money(error: BudgetError | InfeasibleTeam) -> bool:
    clash = error.clash if isinstance(error, InfeasibleTeam) else ("max_usd",)
    return any(limit.startswith("max_usd") for limit in clash)


def _unwritable() -> RefusedError:
    return RefusedError(
        503,
        "the accounts of the keys cannot be written",
        code="accounts_unwritable",
        type="server_error",
        retry_after_s=5,
    )


async def _caller(request: Request) -> Caller:
    found = getattr(request.state, "caller", None)
    if isinstance(found, Caller):
        return found
    admission: Admission = request.app.state.admission
    return await admission.caller(request)


TheCaller = Annotated[Caller, Depends(_caller)]
"""Of a route: who asks; refused before the route runs if he may not."""
