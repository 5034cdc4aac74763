"""How likely the paired test of accuracy is to see a gain, and how many test rows that takes.

The power is exact: the number of discordant rows is binomial, and given that number so is the number of gained ones; both are
enumerated, leaving out less than 1e-12 of probability. At margin 0 the test is McNemar's with the mid-p-value, whose power is
within a point of that of the gate's exact unconditional test, but where fewer than about ten rows are discordant: there the gate
sees more (``benchmarks/gate_error_rates.py``). Connor, "Sample size for testing differences in proportions for the paired-sample
design", Biometrics 43 (1987), gives the approximation the search starts from. At another margin it is Tango's score test (Nam,
"Establishing equivalence of two treatments and sample size requirements in matched-pairs design", Biometrics 53, 1997, likewise).

Of bets (:mod:`ntgate.evaluation.betting`) the power is that of one look after ``n`` rows; whoever looks earlier too sees no less.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ntgate.errors import DataError
from ntgate.evaluation.betting import log_wealths
from ntgate.evaluation.discordant import Counts, Floats, at_least, discordant_rows, mid_p, smallest
from ntgate.evaluation.tango import tango_statistic, tango_statistics

# Above this many rows the approximation is returned: it is then within a thousandth of the exact number.
EXACT_UP_TO = 200_000


def power_at(n: int, p_gained: float, p_lost: float, alpha: float, margin: float = 0.0, *, bets: bool = False) -> float:
    """Power of the one-sided test of level ``alpha`` on ``n`` rows, of which a share is gained and a share lost.

    Args:
        n: test rows.
        p_gained: probability that only the first model gets a row right.
        p_lost: probability that only the second does.
        alpha: level.
        margin: the difference that has to be exceeded; negative for non-inferiority.
        bets: whether the rows are bet on, as those of a stream are.

    >>> round(power_at(500, 0.05, 0.05, 0.05), 3)
    0.049
    >>> round(power_at(500, 0.10, 0.05, 0.05), 3), round(power_at(500, 0.10, 0.05, 0.05, bets=True), 3)
    (0.898, 0.454)
    >>> round(power_at(1000, 0.05, 0.05, 0.05, margin=-0.02), 3)  # equal arms, a loss of two points tolerated
    0.631
    """
    _check(p_gained, p_lost, alpha, margin)
    discordance = p_gained + p_lost
    discordant, weights = discordant_rows(n, discordance)
    critical = _critical(n, discordant, alpha, margin, bets)
    return float(weights @ at_least(critical, discordant, p_gained / discordance if discordance else 0.5))


def rows_needed(
    p_gained: float, p_lost: float, alpha: float, power: float = 0.8, margin: float = 0.0, *, bets: bool = False
) -> int | None:
    """Test rows from which on the test sees a gain of ``p_gained - p_lost``; None when it does not exceed the margin.

    The power is saw-toothed in ``n``, because counts are whole. The answer is the smallest number of rows after which it never
    falls below ``power`` again; at another margin than 0, the smallest after which it does not within the next 32 rows.

    >>> rows_needed(0.10, 0.05, 0.05), rows_needed(0.10, 0.05, 0.05, bets=True)
    (363, 874)
    >>> rows_needed(0.05, 0.05, 0.05, margin=-0.02)
    1565
    >>> rows_needed(0.05, 0.05, 0.05) is None
    True
    """
    _check(p_gained, p_lost, alpha, margin)
    if p_gained - p_lost <= margin:
        return None
    # Log-wealth of ln(1 / alpha) takes about as many rows as a test of level alpha / 10.
    about = _approximate_rows(p_gained, p_lost, alpha / 10 if bets else alpha, power, margin)
    if about > EXACT_UP_TO:
        return about
    if margin == 0:
        return _rows_without_margin(about, p_gained, p_lost, alpha, power, bets)
    return _last_below(lambda n: power_at(n, p_gained, p_lost, alpha, margin, bets=bets) < power, about)


def smallest_visible_gain(
    n: int, discordance: float, alpha: float, power: float = 0.8, margin: float = 0.0, *, bets: bool = False
) -> float | None:
    """The smallest gain that ``n`` rows show with probability ``power``; None when even the largest possible is not.

    Args:
        n: test rows.
        discordance: share of the rows on which exactly one model is right; no gain can be larger.
        alpha: level.
        power: wanted probability of seeing the gain.
        margin: as above.
        bets: as above.

    >>> round(smallest_visible_gain(1000, 0.10, 0.05), 4)
    0.0248
    >>> smallest_visible_gain(30, 0.02, 0.05) is None
    True
    """
    _check(discordance, 0.0, alpha, margin)
    if n < 1:
        return None
    discordant, weights = discordant_rows(n, discordance)
    critical = _critical(n, discordant, alpha, margin, bets)

    def seen(gain: float) -> float:
        return float(weights @ at_least(critical, discordant, (discordance + gain) / (2 * discordance)))

    low, high = max(margin, -discordance), discordance
    if low >= high or seen(high) < power:
        return None
    while high - low > 1e-7:
        middle = (low + high) / 2
        low, high = (low, middle) if seen(middle) >= power else (middle, high)
    return high


def _check(p_gained: float, p_lost: float, alpha: float, margin: float) -> None:
    if not (p_gained >= 0 and p_lost >= 0 and p_gained + p_lost <= 1):
        raise DataError(
            "p_gained, p_lost",
            expected="two shares of the rows, together at most 1",
            got=f"{p_gained}, {p_lost}",
            fix="give shares, not counts or per cent",
        )
    if not (0 < alpha < 1 and -1 < margin < 1):
        raise DataError("alpha, margin", expected="in (0, 1) and (-1, 1)", got=f"{alpha}, {margin}", fix="change them")


def _critical(n: int, discordant: Counts, alpha: float, margin: float, bets: bool) -> Counts:
    """The smallest number of gained rows that is significant, for each number of discordant ones; one more when none is."""
    z = -_normal_quantile(alpha)

    def significant(gained: Counts) -> npt.NDArray[np.bool_]:
        if bets:
            counts = np.stack([gained, n - discordant, discordant - gained], axis=1)
            return log_wealths(counts, margin) >= -math.log(alpha)
        if margin == 0:
            return mid_p(gained, discordant) <= alpha
        return tango_statistics(gained, discordant - gained, n, margin) >= z

    guess = (discordant + n * margin + z * np.sqrt(discordant)) / 2
    return smallest(significant, discordant, guess.astype(np.int64))


def _normal_quantile(probability: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(probability))


def _approximate_rows(p_gained: float, p_lost: float, alpha: float, power: float, margin: float) -> int:
    """Connor's equation 3, and at another margin Nam's: the variance under the hypothesis is Tango's restricted one."""
    gain, discordance = p_gained - p_lost, p_gained + p_lost
    spread = math.sqrt(max(discordance - gain**2, 0.0))
    excess = gain - margin
    scale = 10**6  # counts in a table so large that they are shares
    statistic = tango_statistic(round(p_gained * scale), round(p_lost * scale), scale, margin)
    under = excess * math.sqrt(scale) / statistic if 0 < statistic < math.inf else 0.0
    return max(1, math.ceil(((_normal_quantile(alpha) * under + _normal_quantile(1 - power) * spread) / excess) ** 2))


def _rows_without_margin(about: int, p_gained: float, p_lost: float, alpha: float, power: float, bets: bool) -> int:
    """Exact answer at margin 0, where the power given the number of discordant rows does not depend on ``n``.

    Its lower envelope (the least power with as many or more discordant rows) increases with the discordant rows, whose number
    increases stochastically with ``n``: where the average of the envelope reaches ``power``, the power stays above it. From
    there we go down to the last number of rows that is too small.
    """
    discordance = p_gained + p_lost
    # Teeth are about 2 / discordance rows wide and matter over about 4 / gain rows.
    most = about + about // 8 + math.ceil(4 / (p_gained - p_lost)) + 200
    first = int(discordant_rows(about // 2, discordance)[0][0])

    def seen_up_to(n: int) -> Floats:
        discordant = np.arange(first, discordant_rows(n, discordance)[0][-1] + 1)
        return at_least(_critical(n, discordant, alpha, 0.0, bets), discordant, p_gained / discordance)

    def envelope_of(seen: Floats) -> Floats:
        return np.minimum.accumulate(seen[::-1])[::-1]

    def average(of: Floats, n: int) -> float:
        reached, weights = discordant_rows(n, discordance)
        return float(weights @ np.where(reached >= first, of[np.maximum(reached - first, 0)], 0.0))

    while average(envelope := envelope_of(seen := seen_up_to(most)), most) < power:
        most *= 2
    enough, too_few = most, 0
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        too_few, enough = (too_few, middle) if average(envelope, middle) >= power else (middle, enough)
    while enough > 1 and average(seen, enough - 1) >= power:
        enough -= 1
    return enough


def _last_below(below: Callable[[int], bool], about: int) -> int:
    """One more than the last ``n`` that is ``below``, as far as the next 32 rows tell."""
    step = about // 64 + 8
    too_few = enough = about
    while too_few > 0 and not below(too_few):
        too_few, step = max(too_few - step, 0), 2 * step
    while below(enough):
        enough, step = enough + step, 2 * step
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        too_few, enough = (middle, enough) if below(middle) else (too_few, middle)
    return max((n + 1 for n in range(enough, enough + 32) if below(n)), default=enough)
