"""Office-Caltech10 on SURF features, unsupervised: all source rows with labels, all target rows without, twelve pairs.

The protocol of the published figures: rows sum to one, every domain is z-scored by its own statistics (``n - 1`` in the
variance), a classifier is trained on all source rows, and its accuracy on all target rows is the result. No target label is
used. The dimensions are those of the published rows, ridge and entropy those named or the defaults of ntgate. Looked at
beside what is shown: 20, 50 and 80 dimensions for SA and TCA (means within 1.7 points of those for 30), an entropy of 0.01
(37.3), and fixed values of C (SA 48.4 with C = 0.01, TCA 47.2 with C = 100), which only target labels could have chosen. The
published means of SVM, TCA and CORAL come without the settings of their classifiers; the rows beside them are from other
papers with other settings, as the same page has them. What to take from the table: a linear classifier on features that are
z-scored domain by domain is at 46 before anything else is done; CORAL and TCA under an SVM add one to two points to it, SA
none, weights at most 1.2, and leaving half of the rows out costs five.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

DOMAINS = {"C": "caltech", "A": "amazon", "W": "webcam", "D": "dslr"}
PAIRS = ("CA", "CW", "CD", "AC", "AW", "AD", "WC", "WA", "WD", "DC", "DA", "DW")
Rows = np.ndarray
Method = Callable[[Rows, Rows, Rows], Rows]  # source rows, source labels, target rows: predicted target labels

# In the order of PAIRS, as far as known; the means are those of the README of the data, the rows those of the page it names.
PUBLISHED: dict[str, tuple[tuple[float, ...] | None, float]] = {
    "1-NN": ((23.7, 25.8, 25.5, 26.0, 29.8, 25.5, 19.9, 23.0, 59.2, 26.3, 28.5, 63.4), 31.4),
    "SVM": (None, 41.1),
    "SVM, TKDE 2015": ((55.6, 45.2, 43.7, 45.8, 42.0, 39.7, 31.4, 34.8, 82.8, 29.4, 26.6, 63.4), 45.0),
    "SA, 30 dimensions, 1-NN": ((49.3, 40.0, 39.5, 40.0, 33.2, 33.8, 35.2, 39.3, 75.2, 34.6, 39.9, 77.0), 44.7),
    "TCA": (None, 46.2),
    "TCA, 100 dimensions, 1-NN": ((38.2, 38.6, 41.4, 37.8, 37.6, 33.1, 29.3, 30.1, 87.3, 31.7, 32.2, 86.1), 43.6),
    "TCA, 30 dimensions, 1-NN": ((45.8, 31.2, 34.4, 42.4, 36.3, 33.8, 29.4, 28.9, 89.2, 30.7, 31.0, 86.1), 40.8),
    "CORAL": (None, 48.8),
    "KMM, TKDE 2015": ((48.3, 45.8, 53.5, 42.2, 42.4, 42.7, 29.0, 31.9, 72.0, 31.6, 32.2, 72.9), 45.4),
}


def read(data: Path) -> dict[str, tuple[Rows, Rows]]:
    """Rows and labels of the four domains by letter."""
    domains = {}
    for letter, name in DOMAINS.items():
        with np.load(data / "office_caltech_surf" / f"{name}.npz") as content:
            domains[letter] = content["x"].astype(np.float64), content["y"]
    return domains


def z(rows: Rows, by: Rows | None = None) -> Rows:
    """Rows standardised by the statistics of ``by``, their own unless given."""
    by = rows if by is None else by
    deviation = by.std(axis=0, ddof=1)
    return (rows - by.mean(axis=0)) / np.where(deviation > 0, deviation, 1)


def unit(rows: Rows) -> Rows:
    """Rows of length one."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def nearest(source: Rows, labels: Rows, target: Rows) -> Rows:
    """1-NN."""
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(1).fit(source, labels).predict(target)


def svm(source: Rows, labels: Rows, target: Rows) -> Rows:
    """Linear SVM, C = 1; on separable rows every larger C, and smaller ones down to 0.01, give the same."""
    from sklearn.svm import SVC

    return SVC(kernel="linear").fit(source, labels).predict(target)


def tuned_svm(source: Rows, labels: Rows, target: Rows) -> Rows:
    """Linear SVM whose C is chosen by cross-validation on the source rows, as Sun et al. do."""
    from sklearn.model_selection import GridSearchCV
    from sklearn.svm import SVC

    search = GridSearchCV(SVC(kernel="linear", max_iter=20_000), {"C": [1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0]}, cv=5)
    return search.fit(source, labels).predict(target)


def logistic(source: Rows, labels: Rows, target: Rows, weights: Rows | None = None) -> Rows:
    """Logistic regression; an SVM that separates its rows does not see their weights."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=0.01, max_iter=500).fit(source, labels, weights).predict(target)


def aligned(align: Callable, classify: Method, *, norm: Callable[[Rows], Rows] = lambda rows: rows) -> Method:
    """Z-score, ``norm``, align, classify."""

    def method(source: Rows, labels: Rows, target: Rows) -> Rows:
        source, target = norm(z(source)), norm(z(target))
        found = align(source, target)
        return classify(found.source, labels, found.target(target))

    return method


def weighted(weigh: Callable, *, share: float | None = None) -> Method:
    """Weights on 20 principal components of jointly standardised rows; logistic regression on z-scored ones."""

    def method(source: Rows, labels: Rows, target: Rows) -> Rows:
        from sklearn.decomposition import PCA

        from ntgate.shift.columns.feature_scale import standardised
        from ntgate.strategies.weighting.bounded import bounded
        from ntgate.strategies.weighting.selection import top_share

        both = standardised(PCA(20, random_state=0).fit_transform(standardised(np.concatenate([source, target]))))
        found = weigh(both[: len(source)], both[len(source) :])
        weights = bounded(found, 10.0) if share is None else top_share(found, share)
        kept = weights > 0
        return logistic(z(source)[kept], labels[kept], z(target), weights[kept])

    return method


def methods() -> dict[str, Method]:
    """Every method by what the table calls it."""
    from functools import partial

    from ntgate.strategies.maps.coral import coral
    from ntgate.strategies.maps.subspace import subspace_alignment
    from ntgate.strategies.maps.transfer_components import transfer_components
    from ntgate.strategies.maps.transport import available, optimal_transport
    from ntgate.strategies.weighting.density_ratio import density_ratio
    from ntgate.strategies.weighting.domain_classifier import classifier_odds
    from ntgate.strategies.weighting.kernel_mean_matching import kernel_mean_matching
    from ntgate.strategies.weighting.kliep import kliep
    from ntgate.strategies.weighting.similarity import similarity

    def jointly(classify: Method) -> Method:
        def method(source: Rows, labels: Rows, target: Rows) -> Rows:
            both = np.concatenate([source, target])
            return classify(z(source, both), labels, z(target, both))

        return method

    subspace, components = partial(subspace_alignment, dimension=30), partial(transfer_components, dimension=30)
    found: dict[str, Method] = {
        "1-NN": lambda s, y, t: nearest(z(s), y, z(t)),
        "1-NN, z-scored jointly": jointly(nearest),
        "SVM": lambda s, y, t: svm(z(s), y, z(t)),
        "SVM, z-scored jointly": jointly(svm),
        "SA, 30 dimensions, 1-NN": aligned(subspace, nearest),
        "SA, 30 dimensions, SVM with C by source": aligned(subspace, tuned_svm),
        "TCA, 30 dimensions, rows of length 1, 1-NN": aligned(components, nearest, norm=unit),
        "TCA, 100 dimensions, rows of length 1, 1-NN": aligned(partial(transfer_components, dimension=100), nearest, norm=unit),
        "TCA, 30 dimensions, rows of length 1, SVM with C by source": aligned(components, tuned_svm, norm=unit),
        "CORAL, 1-NN": aligned(coral, nearest),
        "CORAL, SVM": aligned(coral, svm),
        "CORAL, SVM on rows of length 1": aligned(coral, lambda s, y, t: svm(unit(s), y, unit(t))),
    }
    if available():
        for entropy in (0.0, 0.05, 0.2):
            name = f"OT, entropy {entropy:g}" if entropy else "OT, exact"
            found[f"{name}, 1-NN"] = aligned(partial(optimal_transport, entropy=entropy), nearest)
        found["OT, entropy 0.05 on SA's 30 dimensions, 1-NN"] = aligned(subspace, _transported)
    found["logistic regression"] = lambda s, y, t: logistic(z(s), y, z(t))
    weightings = {
        "Euclid": similarity,
        "cosine": partial(similarity, measure="cosine"),
        "uLSIF": density_ratio,
        "KLIEP": kliep,
        "KMM": kernel_mean_matching,
        "domain classifier": classifier_odds,
    }
    found |= {f"weights by {name}": weighted(weigh) for name, weigh in weightings.items()}
    for name in ("uLSIF", "domain classifier"):
        found[f"nearer half by {name}"] = weighted(weightings[name], share=0.5)
    return found


def _transported(source: Rows, labels: Rows, target: Rows) -> Rows:
    from ntgate.strategies.maps.transport import optimal_transport

    return nearest(optimal_transport(source, target, entropy=0.05).source, labels, target)


def table(data: Path) -> str:
    """The section of the results, measured now."""
    domains = read(data)
    lines = [
        "## Office-Caltech10 SURF, unsupervised",
        "",
        (__doc__ or "").split("\n\n", 1)[1].strip().replace("``", "`"),
        "",
        "| method | " + " | ".join(PAIRS) + " | mean |",
        "| --- |" + " ---: |" * 13,
    ]
    exact = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, method in methods().items():
            found = [100 * float(np.mean(method(*domains[pair[0]], domains[pair[1]][0]) == domains[pair[1]][1])) for pair in PAIRS]
            lines.append(f"| {name} | " + " | ".join(f"{value:.1f}" for value in found) + f" | {np.mean(found):.1f} |")
            print(lines[-1], flush=True)
            if name == "1-NN":
                known = PUBLISHED["1-NN"][0]
                assert known is not None
                exact = bool(np.abs(np.round(found, 1) - known).max() < 0.101)
    for name, (row, mean) in PUBLISHED.items():
        cells = [f"{value:.1f}" for value in row] if row else [""] * 12
        lines.append(f"| *published: {name}* | " + " | ".join(cells) + f" | {mean:.1f} |")
    verdict = "All twelve" if exact else "**Not** all twelve"
    lines += ["", f"{verdict} published figures of 1-NN are reproduced to 0.1."]
    return "\n".join(lines)
