"""What `nsed ask` does: settle the configuration, run, print, save."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from nsed.cli.consoles import stderr_console
from nsed.cli.exits import ExitCode, complain
from nsed.cli.given import Given, settled
from nsed.cli.human_prompt import print_question, terminal_decision
from nsed.cli.live_view import LiveView
from nsed.cli.places import checkpoints_place, telemetry_place
from nsed.cli.plain_text import visible
from nsed.cli.pulling import pull_missing
from nsed.cli.question import read_question
from nsed.cli.record_file import record_json, require_folder, save_record
from nsed.cli.report import final_report
from nsed.cli.session import Ended, run_session
from nsed.cli.trail_place import signing_key_path
from nsed.cli.trail_writing import save_trail
from nsed.cli.usage_table import usage_table
from nsed.config.file import load_config
from nsed.config.settings import Settings
from nsed.graphs.catalogue import create_graph
from nsed.known_run import SHORT_ID, KnownRun
from nsed.protocol.errors import ConfigError, NsedError
from nsed.seated import seated
from nsed.state.context import DeliberationConfig
from nsed.state.human import HumanDecision
from nsed.state.run_record import RunRecord
from nsed.trail.signing_key import SigningKey, open_signing_key

__all__ = ["Answering", "Printing", "answer", "carry_out", "warn_if_less"]


@dataclass(frozen=True, kw_only=True)
class Printing:
    """What is printed and saved at the end of a run."""

    save: Path | None
    trail: bool
    as_json: bool
    short: bool
    quiet: bool
    pull: bool


@dataclass(frozen=True, kw_only=True)
class Answering(Printing):
    """The command line of one `nsed ask`."""

    question: str | None
    file: Path | None
    given: Given
    graph: str


def answer(wanted: Answering) -> ExitCode:
    """Run it, print what is asked for, and return how it ended.

    Raises:
        NsedError: There is no answer, and no record of the attempt; the message says
            why.
    """
    settings = load_config(wanted.given.config)
    config = settled(wanted.given, settings)
    create_graph(wanted.graph)  # a wrong name is found before weights are pulled
    task = read_question(wanted.question, wanted.file)
    return carry_out(task, config, settings, wanted, graph=wanted.graph)


def carry_out(
    task: str,
    config: DeliberationConfig,
    settings: Settings,
    wanted: Printing,
    *,
    graph: str,
    known: KnownRun | None = None,
    decision: HumanDecision | None = None,
) -> ExitCode:
    """Run, or go on with a known run, and print; or print what the user is asked.

    Raises:
        NsedError: There is no answer; the message says why.
    """
    if wanted.as_json and wanted.short:
        raise ConfigError("give --json or --short, not both")
    telemetry = telemetry_place(settings.telemetry)
    checkpoints = checkpoints_place(settings.checkpoints)
    key: SigningKey | None = None
    if wanted.save is not None:
        require_folder(wanted.save)
        key = open_signing_key(signing_key_path()) if wanted.trail else None
    pull_missing(seated(config, graph), fetch=wanted.pull, quiet=wanted.quiet)
    at_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    if config.human_review and not at_terminal and checkpoints in ("off", "memory"):
        raise ConfigError(
            "human_review: needs a terminal, or a place where the run can wait: "
            f'checkpoints = "{checkpoints}"'
        )
    view = LiveView(stderr_console(), rounds=config.rounds, quiet=wanted.quiet)
    ended = asyncio.run(
        run_session(
            task,
            config,
            graph=graph,
            view=view,
            telemetry=telemetry,
            response_cache=settings.response_cache,
            checkpoints=checkpoints,
            known=known,
            decide=terminal_decision(view) if at_terminal else None,
            decision=decision,
        )
    )
    if ended.question is not None:
        print_question(ended.question)
        _say_where(ended, wanted, "resume")
        return ExitCode.WAITING
    if ended.record is None:
        complain("interrupted before anybody had answered")
        _say_where(ended, wanted, "resume")
        return ExitCode.INTERRUPTED
    return _finish(ended, ended.record, wanted, key)


def _say_where(ended: Ended, wanted: Printing, command: str) -> None:
    """How to come back to the run."""
    if ended.run_id and not wanted.quiet:
        short = ended.run_id[:SHORT_ID]
        stderr_console().print(f"Run: {short}; nsed {command} {short}")


def _finish(
    ended: Ended, record: RunRecord, wanted: Printing, key: SigningKey | None
) -> ExitCode:
    saved: list[str] = []
    failure: NsedError | None = None
    if wanted.save is not None:
        try:
            saved.append(f"Record: {save_record(record, wanted.save)}")
            if key is not None:
                target = wanted.save / f"{record.run_id}.trail.jsonl"
                save_trail(record, key, target)
                saved.append(f"Trail: {target}")
        except NsedError as error:  # the answer is shown all the same
            failure = error
    if ended.failure is not None:
        return _failed(ended.failure, record, saved, failure, wanted)
    _print_answer(record, wanted)
    if not wanted.quiet:
        console = stderr_console()
        console.print()
        console.print(final_report(record, cut_short=ended.cut_short))
        for line in saved:
            console.print(line, soft_wrap=True)
        _say_where(ended, wanted, "show")
    else:
        warn_if_less(ended, record)
    if failure is not None:
        complain(str(failure))
    if ended.cut_short:
        return ExitCode.INTERRUPTED
    if failure is not None:
        return ExitCode.FAILED
    full = record.verdict.status == "complete"
    return ExitCode.ANSWER if full else ExitCode.DEGRADED


def _failed(
    why: NsedError,
    record: RunRecord,
    saved: list[str],
    unsaved: NsedError | None,
    wanted: Printing,
) -> ExitCode:
    """No answer: nothing that looks like one, but the record where it is wanted."""
    if wanted.as_json:
        typer.echo(record_json(record))
        sys.stdout.flush()
    complain(str(why))
    if not wanted.quiet:
        console = stderr_console()
        console.print(usage_table(record))
        for line in saved:
            console.print(line, soft_wrap=True)
    if unsaved is not None:
        complain(str(unsaved))
    return ExitCode.FAILED


def warn_if_less(ended: Ended, record: RunRecord) -> None:
    """What even --quiet must not hide: this is less than a full answer."""
    if ended.cut_short:
        complain("interrupted: this is the best answer so far", kind="warning")
    if record.verdict.status != "complete":
        notes = " ".join(record.verdict.notes)
        complain(f"{record.verdict.status}: {notes}", kind="warning")
    elif record.synthesis is not None and not record.synthesis.used:
        complain(record.verdict.notes[0], kind="warning")


def _print_answer(record: RunRecord, wanted: Printing) -> None:
    if wanted.as_json:
        typer.echo(record_json(record))
    else:
        verdict = record.verdict
        typer.echo(visible(verdict.answer if wanted.short else verdict.text))
    sys.stdout.flush()
