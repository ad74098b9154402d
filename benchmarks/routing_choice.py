"""Who answers a question within a budget: the broker, and the simple rules beside it.

The broker is the real one: graded training questions become `OutcomesSeen`, summed to
telemetry, and `plan` solves the knapsack of a real configuration. A configuration has
one price a token for each expert, the recordings a mean cost a call in each category;
so each category gets a configuration of its own, whose prompt takes no tokens, whose
answer takes `ANSWER_TOKENS`, and whose output price makes that the recorded mean. The
telemetry is shared, for an expert's identity does not depend on its price.

`shared` answers another question with the same solver: one budget for the mean over
all questions, as "best single" has it. Its roles are the categories, its values the
broker's beliefs, and it may save in one category for another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from routing_data import Recorded

from nsed.brokers.base import BindRequest
from nsed.brokers.greedy_roles import fill_greedily
from nsed.brokers.knapsack import Problem, Resource, solve
from nsed.brokers.observations import OutcomesSeen
from nsed.brokers.planning import plan
from nsed.brokers.seat_cost import PromptTokens
from nsed.brokers.team_problem import pose
from nsed.brokers.telemetry import Telemetry
from nsed.protocol.consensus import Candidate, decide, skill_evidence, text_digest
from nsed.protocol.usage import Usage
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.team import TaskProfile

__all__ = ["Picks", "Training"]

ANSWER_TOKENS = 1000
NOW = 0.0
"""All is seen and chosen at one moment, so that nothing fades."""
MILLION = 1_000_000
PICO = 1e12
"""Shares of a mean cost are small: they are counted in 1e-12 USD."""

Picks = Mapping[str, tuple[int, ...]]
"""Columns of the models that answer, by category."""


@dataclass(frozen=True)
class Training:
    """What is known after the training questions."""

    seen: Recorded
    knobs: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the configuration other than its defaults."""
    _skills: dict[str, list[float]] = field(default_factory=dict)

    @property
    def models(self) -> tuple[str, ...]:
        """The pool, in the order of the columns."""
        return self.seen.models

    @cached_property
    def telemetry(self) -> Telemetry:
        """Every training question as one observation of who was right."""
        who = [expert.identity for expert in self._experts(np.zeros(len(self.models)))]
        return Telemetry.of(
            OutcomesSeen(
                category=category,
                at=NOW,
                right=dict(zip(who, map(bool, row), strict=True)),
            )
            for category, row in zip(self.seen.categories, self.seen.right, strict=True)
        )

    def accuracy(self, category: str | None = None) -> NDArray[np.float64]:
        """Share of right answers by model; of all where the category was never seen."""
        return self._mean(self.seen.right, category)

    def usd(self, category: str | None = None) -> NDArray[np.float64]:
        """Mean cost of a call by model; of all where the category was never seen."""
        return self._mean(self.seen.usd, category)

    def fits(self, budget: float, category: str | None = None) -> NDArray[np.intp]:
        """Columns of the models whose mean cost is within the budget."""
        return np.flatnonzero(self.usd(category) <= budget)

    def fits_everywhere(self, budget: float) -> NDArray[np.intp]:
        """Columns of the models whose mean cost fits in every category."""
        return np.flatnonzero(self.dearest <= budget)

    @property
    def dearest(self) -> NDArray[np.float64]:
        """Mean cost of a call by model, in its dearest category."""
        each = np.array([self.usd(c) for c in self.categories], np.float64)
        return np.asarray(each.max(axis=0), np.float64)

    @property
    def categories(self) -> tuple[str, ...]:
        """Those seen, in the order of the alphabet."""
        return tuple(sorted(set(self.seen.categories)))

    def best(
        self, among: NDArray[np.intp], category: str | None = None
    ) -> tuple[int, ...]:
        """The most accurate model of some; of equals the cheaper one."""
        accuracy, usd = self.accuracy(category), self.usd(category)
        return (max(among.tolist(), key=lambda m: (accuracy[m], -usd[m])),)

    def broker(self, budget: float, category: str, *, seats: int) -> tuple[int, ...]:
        """What the knapsack chooses, by `plan`."""
        request, profile = self.request(budget, category, seats=seats)
        _, found = plan(request, profile)
        return tuple(m for m, _ in found.seats)

    def greedy(self, budget: float, category: str, *, seats: int) -> tuple[int, ...]:
        """What greedy filling makes of the same problem."""
        request, profile = self.request(budget, category, seats=seats)
        filled = fill_greedily(pose(request, profile, rounds=1).problem)
        return tuple(sorted(m for m, _ in filled or ()))

    def shared(self, budget: float) -> dict[str, tuple[int, ...]]:
        """One model for every category seen, the mean cost of all within the budget."""
        share = [float(self.seen.of(c).mean()) for c in self.categories]
        values = [
            [s * p for p in self.skills(c)]
            for s, c in zip(share, self.categories, strict=True)
        ]
        usd = [s * self.usd(c) for s, c in zip(share, self.categories, strict=True)]
        base = np.rint(np.array(usd).T * PICO).astype(np.int64)
        each = (1,) * len(share)
        found = solve(
            Problem(
                values=np.rint(np.array(values).T * MILLION).astype(np.int64),
                eligible=np.ones(base.shape, np.bool_),
                least=each,
                most=each,
                resources=(Resource("usd", int(budget * PICO), base, base * 0),),
                price=base,
            )
        )
        return {self.categories[r]: (m,) for m, r in found.seats}

    def request(
        self, budget: float, category: str, *, seats: int
    ) -> tuple[BindRequest, TaskProfile]:
        """One question of a category put to the broker; reviewers have no seat."""
        experts = self._experts(self.usd(category))
        config = DeliberationConfig(
            experts=experts,
            rounds=1,
            least_proposers=1,
            most_proposers=seats,
            least_reviewers=0,
            most_reviewers=0,
            max_usd=budget,
            **self.knobs,
        )
        request = BindRequest(
            task="",
            config=config,
            round=1,
            spent=Usage(),
            incumbent_team=None,
            absences=(),
            now=NOW,
            telemetry=self.telemetry,
            prompts={expert.name: PromptTokens(0, 0) for expert in experts},
        )
        return request, TaskProfile(
            category=category,
            input_tokens=0,
            answer_tokens=ANSWER_TOKENS,
            critique_tokens=0,
        )

    def skills(self, category: str) -> list[float]:
        """The broker's belief that each model is right in a category."""
        if category not in self._skills:
            request, profile = self.request(0.0, category, seats=1)
            worth = pose(request, profile, rounds=1).worth
            found = [worth[m, 0].chance.mean for m in range(len(self.models))]
            self._skills[category] = found
        return self._skills[category]

    def pooled(self, category: str, answers: Mapping[int, str]) -> int:
        """The model that speaks for a team: most evidence for its answer, in nats.

        Decided by `consensus.decide` with no weight on votes, for there are none.
        """
        wrong = DeliberationConfig(**self.knobs).plausible_wrong_answers
        candidates = [
            Candidate(
                answer,
                text_digest(answer),
                skill_evidence(self.skills(category)[m], wrong_answers=wrong),
            )
            for m, answer in answers.items()
        ]
        unused = np.ones((1, len(candidates)))
        return list(answers)[decide(unused, candidates, kappa=0).winner]

    def _mean(self, what: NDArray[Any], category: str | None) -> NDArray[np.float64]:
        rows = self.seen.of(category) if category else np.zeros(len(what), np.bool_)
        chosen = what[rows] if rows.any() else what
        return np.asarray(chosen.mean(axis=0), np.float64)

    def _experts(self, usd: NDArray[np.float64]) -> tuple[ExpertConfig, ...]:
        return tuple(
            ExpertConfig(
                name=model.replace("/", "."),
                model=model,
                usd_per_mtok_input=0.0,
                usd_per_mtok_output=cost * 1e6 / ANSWER_TOKENS,
            )
            for model, cost in zip(self.models, usd.tolist(), strict=True)
        )
