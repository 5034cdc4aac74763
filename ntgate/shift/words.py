"""What a measured shift means, in words: said here once, for the console, both pages, MLflow and the plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ntgate.shift.judgement import MovedFeature, feature_bound

# Cohen's sizes of a difference of two means, in standard deviations (Statistical Power Analysis for the Behavioral Sciences, 1988).
SIZES = ((0.2, "very small"), (0.5, "small"), (0.8, "medium"), (float("inf"), "large"))
_LUCKY = 0.55  # accuracy that is no better than a coin's where nothing is known of its interval
TINY = 0.01  # a p-value that leaves no doubt
_SEEN = 0.01  # deviations that are worth a word
_FAR = 9.9  # deviations: two bell curves that do not overlap


class Measured(Protocol):
    """What the words are about; None: not known."""

    @property
    def outcome(self) -> str:
        """``none``, ``tolerated`` or ``shift``."""

    @property
    def p_value(self) -> float | None:
        """Of the joint test."""

    @property
    def alpha(self) -> float | None:
        """The level of all looks."""

    @property
    def joint_level(self) -> float | None:
        """The part of it that the joint test has."""

    @property
    def effect_size(self) -> float | None:
        """Of the joint difference, from 0 to 1."""

    @property
    def effect_interval(self) -> tuple[float, float] | None:
        """Its 95 % interval."""

    @property
    def tolerated_effect(self) -> float | None:
        """Up to where a shift is tolerated."""

    @property
    def proxy_a_distance(self) -> float | None:
        """Of the domain classifier, from 0 to 2."""

    @property
    def proxy_a_distance_interval(self) -> tuple[float, float] | None:
        """Its 95 % interval."""

    @property
    def moved(self) -> Sequence[MovedFeature]:
        """Features shown to have moved by themselves, greatest effect first."""

    @property
    def features_moved(self) -> int:
        """How many there are."""

    @property
    def features_tested(self) -> int:
        """Of how many."""

    @property
    def representation(self) -> str | None:
        """What was measured."""

    @property
    def n_source(self) -> int | None:
        """Source rows measured."""

    @property
    def n_target(self) -> int | None:
        """Target rows measured."""


def of_effect(effect: float | None) -> float | None:
    """An effect size as the distance of two bell curves, in standard deviations.

    >>> round(of_effect(0.0588), 2)
    0.5
    """
    if effect is None:
        return None
    return _FAR if effect >= 0.96 else float(2 * (max(effect, 0.0) / (1 - effect)) ** 0.5)


def of_feature(effect: float) -> float:
    """The greatest difference of a probability, ``2 Phi(d / 2) - 1``, as that distance ``d``."""
    from scipy.special import ndtri

    return float(min(_FAR, 2 * ndtri((1 + min(max(effect, 0.0), 1.0)) / 2)))


def of_accuracy(right: float) -> float:
    """The accuracy of a classifier, ``Phi(d / 2)`` at best, as that distance."""
    from scipy.special import ndtri

    return float(min(_FAR, 2 * ndtri(max(right, 0.5))))


def accuracy(distance: float | None) -> float | None:
    """Accuracy of the domain classifier behind a proxy A-distance.

    >>> accuracy(0.0), accuracy(1.6), accuracy(2.0)
    (0.5, 0.9, 1.0)
    """
    return None if distance is None else 0.5 + distance / 4


def accuracies(ends: tuple[float, float] | None) -> tuple[float, float] | None:
    """The interval of that accuracy."""
    return None if ends is None else (0.5 + ends[0] / 4, 0.5 + ends[1] / 4)


def looks(told: Measured) -> dict[str, float]:
    """How far apart the domains are by each look, in standard deviations of two bell curves, by what was looked at.

    The classifier counts with the lower end of its interval, since with few rows it is lucky by some points.
    """
    found: dict[str, float] = {}
    of_all = of_effect(told.effect_size)
    if of_all is not None:
        found["effect size"] = of_all
    if told.moved:
        found[f"move of {told.moved[0].name!r}"] = of_feature(told.moved[0].effect)
    right = accuracies(told.proxy_a_distance_interval)
    if right is not None:
        found["classifier"] = of_accuracy(right[0])
    return found


def size(told: Measured) -> str:
    """The size of a shift in one word: that of the look that sees most.

    A shift in one of many features is small in the joint effect, and a small one in all of many features is large to a classifier.
    """
    return sized(max(looks(told).values(), default=0.0))


def sized(distance: float) -> str:
    """A distance of two bell curves in words.

    >>> sized(0.1), sized(0.3), sized(0.6), sized(2.0)
    ('very small', 'small', 'medium', 'large')
    """
    return next(word for bound, word in SIZES if distance < bound)


def distances(told: Measured) -> str:
    """The size, and what it rests on."""
    found = sorted(looks(told).items(), key=lambda look: -look[1])
    if not found:
        return ""
    (by, most), *others = found
    least = "at least " if by == "classifier" else ""
    if most >= _FAR:
        like = "two bell curves that hardly overlap"
    else:
        like = f"two bell curves whose means lie {least}{most:.2g} standard deviations apart"
    others = [(look, distance) for look, distance in others if distance >= _SEEN]
    if not others:
        return f"The effect is {size(told)}, like that of {like}." if most else f"The effect is {size(told)}."
    rest = " and ".join(f"{'at least ' if look == 'classifier' else ''}{distance:.2g} by the {look}" for look, distance in others)
    return f"The effect is {size(told)}, by the {by} like that of {like}; it is {rest}."


def accuracy_words(told: Measured) -> str:
    """The domain classifier's accuracy with its interval, as ``84 % (80 to 88 %)``."""
    right, ends = accuracy(told.proxy_a_distance), accuracies(told.proxy_a_distance_interval)
    if right is None:
        return ""
    between = f" ({100 * ends[0]:.0f} to {100 * ends[1]:.0f}\u00a0%)" if ends else ""
    return f"{100 * right:.0f}\u00a0% accuracy{between}"


def classifier(told: Measured) -> str:
    """What the domain classifier found, in a sentence (Ben-David et al. 2010)."""
    return f"A linear classifier {_tells(told)}." if told.proxy_a_distance is not None else ""


def no_better_than_a_coin(told: Measured) -> bool:
    """Whether the interval of the classifier's accuracy reaches down to one half."""
    ends = accuracies(told.proxy_a_distance_interval)
    if ends is not None:
        return ends[0] <= 0.5
    return (accuracy(told.proxy_a_distance) or 0.5) < _LUCKY


def _tells(told: Measured) -> str:
    coin = ""
    if no_better_than_a_coin(told):
        lucky = (accuracy(told.proxy_a_distance) or 0.5) >= _LUCKY
        coin = "; with so few rows that may be luck" if lucky else "; that is no better than a coin"
    return f"tells source from target rows with {accuracy_words(told)}{coin}"


def verdict(told: Measured) -> str:
    """The verdict in one sentence or two."""
    if told.p_value is None and not told.moved:
        return "The shift was not measured."
    if not told.outcome:
        return f"The permutation test gives {_p(told)}."
    if told.outcome == "none":
        return f"No shift shown ({_p(told)}): the domains may still differ in ways too small to see."
    joint = _joint(told)
    parts = [f"A {size(told)} shift"]
    if joint:
        parts[0] += f" ({_p(told)})"
        parts[0] += f": a linear classifier {_tells(told)}." if told.proxy_a_distance is not None else "."
    else:
        together = "the embedding of the rows does" if told.representation == "embedding" else "all features together do"
        parts[0] += f" of {_moved(told)}, though {together} not show it ({_p(told)})."
    if told.outcome == "tolerated":
        parts.append(_tolerated(told, joint))
    elif told.tolerated_effect and told.effect_size is not None and told.effect_size <= told.tolerated_effect:
        parts.append(
            f"Its effect size {told.effect_size:.3g} is within the tolerated {told.tolerated_effect:.3g}, but "
            f"{told.moved[0].name!r} alone moved in at least {_percent(told.moved[0].effect)} of the rows, more than the "
            f"{_percent(feature_bound(told.tolerated_effect))} that this comes to in one feature."
        )
    return " ".join(parts)


def _joint(told: Measured) -> bool:
    """Whether the joint test shows the shift."""
    level = told.joint_level if told.joint_level is not None else told.alpha
    return told.p_value is not None and (not told.moved or level is None or told.p_value <= level)


def _tolerated(told: Measured, joint: bool) -> str:
    if joint and told.tolerated_effect and told.effect_size is not None:
        return f"Its effect size {told.effect_size:.3g} is within the tolerated {told.tolerated_effect:.3g}."
    if told.tolerated_effect and told.representation == "embedding":
        return "That is tolerated: an effect is tolerated of the embedding, which does not show it."
    bound = _percent(feature_bound(told.tolerated_effect or 0.0))
    return f"That is tolerated: a feature alone counts where it moved in more than {bound} of the rows."


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\u00a0%"


def _moved(told: Measured) -> str:
    first = told.moved[0]
    what = "feature" if told.features_tested == 1 else "features"
    return (
        f"{told.features_moved} of {told.features_tested} {what}: {first.name!r} moved in at least "
        f"{_percent(first.effect)} of the rows (p = {first.p_value:.2g}, adjusted for all features)"
    )


def _p(told: Measured) -> str:
    words = "no p-value" if told.p_value is None else f"p = {told.p_value:.3g}"
    level = told.joint_level
    near = told.alpha is not None and told.p_value is not None and level is not None and level < told.p_value <= told.alpha
    return f"{words}, level {level:.3g}" if near else words


def significance(told: Measured) -> str:
    """What the p-value does and does not say beside this size."""
    if told.p_value is None:
        return "The test gave no p-value."
    if told.outcome == "none":
        missed = " The upper end of the effect's interval says what may have been missed." if told.effect_interval else ""
        return f"A large p-value is no proof of equality.{missed}"
    within = told.effect_size is not None and told.effect_size <= (told.tolerated_effect or 0.0)
    little = [word for _, word in SIZES[: 2 if told.outcome == "tolerated" and within else 1]]
    if told.p_value < TINY and size(told) in little and _joint(told):
        rows = f"{(told.n_source or 0) + (told.n_target or 0):,}".replace(",", "\u202f") if told.n_source else "so many"
        return f"With {rows} rows even a {size(told)} shift is significant: judge it by its effect size, not by its p-value."
    return distances(told)
