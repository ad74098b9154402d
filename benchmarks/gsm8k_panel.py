"""Does the embedded panel beat its best member, on word problems of GSM8K kind?

    python benchmarks/gsm8k_panel.py --data ../shared/data/gsm8k.jsonl --out o.jsonl

Every question is deliberated once, for up to two rounds. At temperature 0 the first
round is what a one-round run does, its proposals are what each member says alone, and
their plurality is the unweighted vote; so one run measures all systems on the same
answers. Resumable: one JSON line a question; questions in the file are not asked again.
"""

import argparse
import asyncio
import json
import math
import random
from collections import Counter
from pathlib import Path
from typing import Any

from nsed.models.hire import Hire
from nsed.protocol.answer_key import answer_key
from nsed.protocol.consensus import RULES, Candidate, plurality, text_digest
from nsed.protocol.errors import NsedError
from nsed.protocol.usage import total_usage
from nsed.run import Run
from nsed.state.context import DeliberationConfig
from nsed.state.run_record import RunRecord


def sample(path: Path, *, n: int, seed: int) -> list[dict[str, Any]]:
    """Draw questions; the same seed draws the same ones."""
    with path.open(encoding="utf-8") as file:
        rows = sorted((json.loads(line) for line in file), key=lambda row: row["id"])
    return random.Random(seed).sample(rows, n)  # noqa: S311


def score(record: RunRecord, gold: str | None) -> dict[str, Any]:
    """What each system answered, whether it was right, and its tokens."""
    first = sorted(
        (p for p in record.proposals.values() if p.round == 1), key=lambda p: p.id
    )
    voted = [Candidate(p.key, text_digest(p.text)) for p in first]

    def tokens(**only: object) -> int:
        calls = record.calls.values()
        chosen = [c for c in calls if all(getattr(c, k) == v for k, v in only.items())]
        return total_usage(c.usage for c in chosen).tokens

    systems = {
        expert.name: (
            next((p.key for p in first if p.expert == expert.name), None),
            tokens(round=1, phase="propose", expert=expert.name),
        )
        for expert in record.context.experts
    }
    systems["plurality"] = (
        first[plurality(voted)].key if first else None,
        tokens(round=1, phase="propose"),
    )
    for rounds in (1, 2):
        tally = record.tallies.get(str(min(rounds, len(record.tallies))))
        key = record.proposals[tally.winner].key if tally else None
        if rounds > 1 and tally:
            key = record.proposals[record.verdict.proposal].key
        spent = sum(tokens(round=r) for r in range(1, rounds + 1))
        systems[f"nsed, {rounds} round{'s' * (rounds > 1)}"] = (key, spent)
    tally = record.tallies.get("1")
    for rule, winner in (tally.winners_by_rule if tally else {}).items():
        key = record.proposals[winner].key
        systems[f"  pure {rule} vote, 1 round"] = (key, tokens(round=1))
    return {
        name: {"answer": key, "right": key == gold, "tokens": used}
        for name, (key, used) in systems.items()
    }


def without_answer(qid: str, config: DeliberationConfig) -> dict[str, Any]:
    """A question nobody answered: wrong for every system. Its tokens are unknown."""
    members = [expert.name for expert in config.experts]
    systems = [*members, "plurality", "nsed, 1 round", "nsed, 2 rounds"]
    nothing = {"answer": None, "right": False, "tokens": 0}
    return {
        "qid": qid,
        "gold": None,
        "members": members,
        "systems": {
            **dict.fromkeys(systems, nothing),
            **{f"  pure {rule} vote, 1 round": nothing for rule in RULES},
        },
        "stop": "no answer",
        "status": "failed",
        "seconds": 0.0,
    }


def interval(right: int, n: int) -> str:
    """Wilson's 95 % interval in percent."""
    z, p = 1.96, right / n
    middle, half = (
        p + z * z / (2 * n),
        z * math.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2),
    )
    low, high = ((middle + s * half) / (1 + z * z / n) for s in (-1, 1))
    return f"{100 * low:.0f}-{100 * high:.0f}"


def report(lines: list[dict[str, Any]]) -> None:
    """Print the table."""
    n = len(lines)
    names = list(dict.fromkeys(name for line in lines for name in line["systems"]))
    print(f"\n{'system':32} right of {n}   95 % interval   tokens a question")
    for name in names:
        runs = [x["systems"][name] for x in lines if name in x["systems"]]
        right = sum(r["right"] for r in runs)
        used = sum(r["tokens"] for r in runs) / len(runs)
        print(f"{name:32} {right:5}        {interval(right, n):>9} %   {used:9.0f}")
    members = [x for x in lines[0]["systems"] if x in lines[0]["members"]]
    oracle = sum(any(x["systems"][m]["right"] for m in members) for x in lines)
    print(f"{'any member right':32} {oracle:5}        {interval(oracle, n):>9} %")
    print(f"stopped because: {dict(Counter(x['stop'] for x in lines))}")
    seconds = sorted(x["seconds"] for x in lines)
    print(f"seconds a question: median {seconds[n // 2]:.0f}, most {seconds[-1]:.0f}")
    changes = Counter(
        (
            x["systems"]["nsed, 1 round"]["right"],
            x["systems"]["nsed, 2 rounds"]["right"],
        )
        for x in lines
    )
    print(
        f"round 2 mended {changes[False, True]}, broke {changes[True, False]} answers; "
        f"status: {dict(Counter(x['status'] for x in lines))}"
    )


async def main() -> None:
    """Ask what is not yet in the file, then report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("-n", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    config = DeliberationConfig(answer_kind="number", rounds=2)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    done = args.out.read_text(encoding="utf-8") if args.out.exists() else ""
    lines = [json.loads(line) for line in done.splitlines()]
    hire = Hire()
    try:
        for row in sample(args.data, n=args.n, seed=args.seed):
            if any(line["qid"] == row["id"] for line in lines):
                continue
            run = Run(row["question"], config, hire=hire)
            try:
                async for _ in run.events():
                    pass
                record = await run.record()
            except NsedError as error:
                print(f"{row['id']}: no answer: {error}")
                lines.append(without_answer(row["id"], config))
                with args.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(lines[-1]) + "\n")
                continue
            gold = answer_key(f"Answer: {row['answer']}", "number")
            lines.append(
                {
                    "qid": row["id"],
                    "gold": gold,
                    "members": [e.name for e in config.experts],
                    "systems": score(record, gold),
                    "stop": record.verdict.stop_reason.value,
                    "status": record.verdict.status,
                    "seconds": record.verdict.seconds,
                    "record": record.model_dump(mode="json"),
                }
            )
            with args.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(lines[-1]) + "\n")
            right = {k: v["right"] for k, v in lines[-1]["systems"].items()}
            print(f"{len(lines):3} {row['id']} {record.verdict.seconds:.0f} s {right}")
    finally:
        await hire.aclose()
    report(lines)


if __name__ == "__main__":
    asyncio.run(main())
