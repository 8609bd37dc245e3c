"""What a person should hear of a plan before hours are spent on it."""

from __future__ import annotations

from collections.abc import Iterator

from segablate.report.caveats import HELD_OUT
from segablate.report.words import listed
from segablate.run.plan import Plan
from segablate.study.study import Axis

PILOT = "pilot"


def cautions(plan: Plan) -> Iterator[str]:
    """A sentence for each."""
    yield from _chosen_on_test(plan)


def _chosen_on_test(plan: Plan) -> Iterator[str]:
    """A pilot, or a study that chooses a number of the recipe, is not to look at the test split."""
    tuned = [axis.field for axis in plan.study.axes if _is_a_number_of_the_recipe(axis)]
    if not tuned and not plan.study.name.startswith(PILOT):
        return
    looked = {
        f"`{row.cell.reads['score']}`"
        for row in plan.rows
        if row.cell and row.cell.seed is not None and row.cell.reads.get("score") in HELD_OUT
    }
    if looked:
        what = f"varies {listed([f'`{field}`' for field in tuned])}" if tuned else "is a pilot"
        yield (
            f"this study {what} and scores {listed(sorted(looked))}: what is chosen by these scores fits "
            "that split, and is no longer judged by it; choose with `score: val`"
        )


def _is_a_number_of_the_recipe(axis: Axis) -> bool:
    numbers = all(isinstance(choice.value, int | float) for choice in axis.choices)
    return axis.field.startswith("recipe.") and numbers and len(axis.choices) > 1
