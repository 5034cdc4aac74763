"""What skada computes on given rows, in a process of its own: importing it switches scikit-learn's metadata routing on.

python skada_reference.py rows.npz results.npz
"""

from __future__ import annotations

import sys

import numpy as np


def main(given: str, results: str) -> None:
    from skada import CORALAdapter, KMMReweightAdapter, OTMappingAdapter, SubspaceAlignmentAdapter

    with np.load(given) as content:
        source, target, width = content["source"], content["target"], float(content["width"])
    rows = np.concatenate([source, target])
    domain = np.repeat([1, -2], [len(source), len(target)])

    def mapped(adapter):
        return adapter.fit_transform(rows, sample_domain=domain)

    matching = KMMReweightAdapter(gamma=1 / (2 * width**2), B=10.0, eps=10 / len(source) ** 0.5, solver="scipy")
    matching.fit(rows, sample_domain=domain)
    np.savez(
        results,
        coral=mapped(CORALAdapter(reg=None))[: len(source)],
        subspace=mapped(SubspaceAlignmentAdapter(n_components=2)),
        transport=mapped(OTMappingAdapter())[: len(source)],
        matching=matching.source_weights_,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
