"""The error tree that the docstring draws is the one that the classes form."""

import inspect
import re

import pytest

from arxos.domain import errors

DRAWN = re.compile(r"^(?P<lines>[│ ]*(?:[├└]── )?)(?P<name>[A-Z]\w+)")


def errors_below(name: str) -> list[type[Exception]]:
    """The classes of the tree below and including this one."""
    root: type[Exception] = getattr(errors, name)
    return [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, root)]


def drawn_parents() -> dict[str, str]:
    """Each drawn error and the one that it hangs from; the root hangs from itself."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if (drawn := DRAWN.match(line)) and drawn["name"].endswith(("Error", "Error_")):
            depth = len(drawn["lines"]) // 4
            path[depth:] = [drawn["name"]]
            parents[drawn["name"]] = path[max(depth - 1, 0)]
    return parents


def test_the_drawing_is_the_class_tree() -> None:
    real = {error.__name__: error.__base__ for error in errors_below("ArxosError")}
    assert drawn_parents() == {
        name: base.__name__ if base is not Exception else name for name, base in real.items() if base
    }


@pytest.mark.parametrize("error", errors_below("ArxosError"))
def test_every_error_says_what_it_means(error: type[Exception]) -> None:
    assert error.__doc__
    assert error.__doc__.endswith(".")


def test_every_error_but_the_root_is_on_one_side_of_the_first_fork() -> None:
    sides = {*errors_below("TransientError"), *errors_below("PermanentError")}
    assert sides | {errors.ArxosError} == set(errors_below("ArxosError"))
    assert not set(errors_below("TransientError")) & set(errors_below("PermanentError"))
