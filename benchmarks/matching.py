"""How well members are matched with relations as bookkeepers wrote them: is what is certain true, and how much is certain?

Precision is the part of the certain matches that is true. Recall is the part of the true pairs that is certain; left out are relations of
suppliers and those that are blocked or ended, and members who have several relations: these are for a person to decide.
How much is certain depends above all on whether the relations carry the numbers of the members.
"""

from __future__ import annotations

import time
import tracemalloc
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.pairs import Pairs, generate
from integrations.matching import Candidate, Confidence, Relation, match

SEEDS = (1, 2, 3)
NUMBERED = ((0.9, "nine in ten relations carry the member's number"), (0.5, "half of them"), (0.0, "none of them"))
SIZE = 10_000


@dataclass
class Score:
    """`wrong`: (key, guid) of certain matches that are not true; of the true pairs `usable`, how many are certain, and offered at all;
    `in_vain`: members without a relation who are offered one."""

    certain: int = 0
    wrong: list[tuple[int, str]] = field(default_factory=list)
    usable: int = 0
    found: int = 0
    offered: int = 0
    in_vain: int = 0

    @property
    def precision(self) -> float:
        return 1 - len(self.wrong) / max(self.certain, 1)

    @property
    def recall(self) -> float:
        return self.found / max(self.usable, 1)

    def __str__(self) -> str:
        return (
            f"precision {self.precision:.4f} ({len(self.wrong)} of {self.certain} wrong), recall {self.recall:.3f} of {self.usable} "
            f"pairs, offered {self.offered / max(self.usable, 1):.3f}; {self.in_vain} without a relation are asked about one"
        )


def judge(pairs: Pairs) -> Score:
    matched = match(pairs.persons, pairs.relations)
    relations_of = Counter(pairs.truth.values())
    certain = {key: guid for key, offered in matched.items() if (guid := _certain(offered))}
    score = Score(
        certain=len(certain),
        wrong=[(key, guid) for key, guid in certain.items() if pairs.truth.get(guid) != key],
        in_vain=sum(key not in relations_of for key in matched),
    )
    for relation in pairs.relations:
        key = pairs.truth.get(relation.guid)
        if key is not None and relations_of[key] == 1 and _is_usable(relation):
            score.usable += 1
            score.found += certain.get(key) == relation.guid
            score.offered += any(candidate.guid == relation.guid for candidate in matched.get(key, ()))
    return score


def _certain(offered: tuple[Candidate, ...]) -> str:
    return offered[0].guid if offered[0].confidence is Confidence.CERTAIN else ""


def _is_usable(relation: Relation) -> bool:
    return not (relation.is_supplier or relation.blocked or relation.ended)


def measure() -> tuple[float, float]:
    """(seconds, MB) of 10,000 members against 10,000 relations; the memory in a run of its own, for tracing it takes time."""
    pairs = generate(SIZE)
    persons, relations = pairs.persons[:SIZE], pairs.relations[:SIZE]
    started = time.perf_counter()
    match(persons, relations)
    seconds = time.perf_counter() - started
    tracemalloc.start()
    match(persons, relations)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak / 2**20


def main() -> None:
    for by_number, title in NUMBERED:
        for seed in SEEDS:
            print(f"  {title}, seed {seed}: {judge(generate(seed=seed, by_number=by_number))}")
    seconds, megabytes = measure()
    print(f"  {SIZE} members x {SIZE} relations: {seconds:.1f} s, {megabytes:.0f} MB")


if __name__ == "__main__":
    main()
