"""Efficiency against fatigue: what one more round is worth, and when none is.

U(t) = 1 - (1 - p_g)·exp(-Λ(p_v - p_g)·t) - β·t²          [paper, authors]
"""

from dataclasses import dataclass
from math import exp, expm1, floor, inf, isfinite, log, log1p

__all__ = ["UtilityCurve", "lambert_w"]


@dataclass(frozen=True, slots=True)
class UtilityCurve:
    """The utility of t rounds. The shipped constants are illustrative, not fitted."""

    guess: float = 0.6
    """p_g: probability that one unaided answer is right, in [0, 1)."""
    verify: float = 0.8
    """p_v: probability that a verdict on a proposal is right, in [0, 1]."""
    rate: float = 2.0
    """Λ: how fast rounds extract what the panel knows, positive."""
    fatigue: float = 0.001
    """β: cost of a round in utility, not negative."""

    def __post_init__(self) -> None:
        """Refuse constants outside their ranges."""
        if not (
            0 <= self.guess < 1
            and 0 <= self.verify <= 1
            and 0 < self.rate < inf
            and 0 <= self.fatigue < inf
        ):
            msg = (
                "need 0 <= guess < 1, 0 <= verify <= 1, rate > 0, fatigue >= 0; "
                f"found {self}"
            )
            raise ValueError(msg)

    @property
    def gain(self) -> float:
        """The exponent a = Λ(p_v - p_g). Not positive: reviewing cannot help."""
        return self.rate * (self.verify - self.guess)

    def utility(self, rounds: float) -> float:
        """U(t)."""
        lost = (1 - self.guess) * exp(-self.gain * rounds)
        return 1 - lost - self.fatigue * rounds**2

    def slope(self, rounds: float) -> float:
        """U'(t) = (1 - p_g)·a·exp(-a·t) - 2βt."""
        a = self.gain
        return (1 - self.guess) * a * exp(-a * rounds) - 2 * self.fatigue * rounds

    @property
    def optimal_rounds(self) -> float:
        """T_opt = W(a²(1 - p_g) / 2β) / a; 0 without gain, inf without fatigue."""
        a = self.gain
        if a <= 0:
            return 0.0
        if self.fatigue == 0:
            return inf
        argument = a * a * (1 - self.guess) / (2 * self.fatigue)
        # Fatigue too small for floating point is no fatigue.
        return lambert_w(argument) / a if isfinite(argument) else inf

    def evidence_ceiling(self, round_limit: int) -> float:
        """B = Σ U'(k) for k = 1..⌊T_opt⌋, the discrete form [ours].

        Without fatigue there is no peak: the sum then runs to `round_limit`. The
        first round always counts; B is 0 where even that one costs what it brings.
        """
        a = self.gain
        if a <= 0:
            return 0.0
        peak = self.optimal_rounds
        n = float(max(1, floor(peak) if isfinite(peak) else round_limit))
        # Σ exp(-a·k) is geometric, so a far peak costs no more than a near one.
        gained = (1 - self.guess) * a * exp(-a) * expm1(-a * n) / expm1(-a)
        return max(0.0, gained - self.fatigue * n * (n + 1))


def lambert_w(x: float) -> float:
    """Solve w·exp(w) = x for x >= 0 (principal branch), to machine precision.

    Raises:
        ValueError: `x` is negative or not finite.
    """
    if not 0 <= x < inf:
        msg = f"lambert_w needs a finite x >= 0, found {x}"
        raise ValueError(msg)
    w = log1p(x)
    w -= log(max(w, 1.0))  # near log x - log log x for large x
    for _ in range(6):  # Halley's method triples the digits each time
        grown = exp(w)
        miss = w - x / grown
        w -= miss / (w + 1 - (w + 2) * miss / (2 * w + 2))
    return w
