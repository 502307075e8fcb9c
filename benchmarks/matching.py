"""How well members are matched with relations that people wrote: right where it is certain, and how often it is.

Precision: of the certain matches, those that are true. Recall: of the true pairs, those that are certain; left out are pairs whose relation
is a supplier, blocked or ended, and members who have several relations, for those are never certain.
"""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.pairs import Pairs, generate
from integrations.matching import Confidence, Relation, match

SEEDS = (1, 2, 3)
SIZE = 10_000


@dataclass
class Score:
    """`wrong`: (key, guid) of certain matches that are not true."""

    certain: int = 0
    wrong: list[tuple[int, str]] = field(default_factory=list)
    usable: int = 0
    found: int = 0
    shown: int = 0
    asked_in_vain: int = 0

    @property
    def precision(self) -> float:
        return 1 - len(self.wrong) / self.certain if self.certain else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.usable if self.usable else 1.0


def judge(pairs: Pairs) -> Score:
    matched = match(pairs.persons, pairs.relations)
    score = Score()
    for key, candidates in matched.items():
        if candidates[0].confidence is Confidence.CERTAIN:
            score.certain += 1
            if pairs.truth.get(candidates[0].guid) != key:
                score.wrong.append((key, candidates[0].guid))
    relations_of = Counter(pairs.truth.values())
    for relation in pairs.relations:
        key = pairs.truth.get(relation.guid)
        if key is None or relations_of[key] > 1 or not _is_usable(relation):
            continue
        score.usable += 1
        offered = matched.get(key, ())
        score.found += any(c.guid == relation.guid and c.confidence is Confidence.CERTAIN for c in offered)
        score.shown += any(c.guid == relation.guid for c in offered)
    score.asked_in_vain = sum(1 for key, offered in matched.items() if key not in relations_of)
    return score


def _is_usable(relation: Relation) -> bool:
    return not (relation.is_supplier or relation.blocked or relation.ended)


def _show(seed: int, by_number: float) -> None:
    pairs = generate(seed=seed, by_number=by_number)
    score = judge(pairs)
    print(
        f"  seed {seed}: {len(pairs.persons)} members, {len(pairs.relations)} relations, {score.usable} usable true pairs: "
        f"precision {score.precision:.4f} ({len(score.wrong)} of {score.certain} wrong), recall {score.recall:.3f}, "
        f"shown at all {score.shown / score.usable:.3f}; {score.asked_in_vain} members without a relation are offered one"
    )


def main() -> None:
    for title, by_number in (("relations numbered as the members, three in four", 0.72), ("the bookkeeper's own numbers", 0.0)):
        print(f"  {title}")
        for seed in SEEDS:
            _show(seed, by_number)
    pairs = generate(SIZE)
    persons, relations = pairs.persons[:SIZE], pairs.relations[:SIZE]
    before = peak_memory()
    started = time.perf_counter()
    match(persons, relations)
    seconds = time.perf_counter() - started
    print(f"  {len(persons)} x {len(relations)}: {seconds:.1f} s, {peak_memory() - before:.0f} MB")


def peak_memory() -> float:
    """MB this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
