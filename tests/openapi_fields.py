"""What an OpenAPI document says of models and their fields."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jsonschema

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A model's field. `place`: the model and the way to it, ``JobView.error``; `in_example`: of its whole model."""

    place: str
    schema: Schema
    in_example: bool


def models_of(document: Schema) -> Mapping[str, Schema]:
    """Every model and enumeration by name."""
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    return schemas


def fields_of(document: Schema) -> Iterator[Field]:
    """Every field of every model, and those of the objects without a name in them."""
    for name, schema in models_of(document).items():
        yield from _fields(name, schema, in_example=bool(examples_of(schema)))


def _fields(place: str, schema: Schema, *, in_example: bool) -> Iterator[Field]:
    for name, field in schema.get("properties", {}).items():
        shown = in_example or bool(examples_of(field))
        yield Field(f"{place}.{name}", field, shown)
        for part in _parts(field):
            yield from _fields(f"{place}.{name}", part, in_example=shown)


def is_described(document: Schema, schema: Schema) -> bool:
    """By itself, or by the one model that it refers to."""
    referred = [models_of(document)[one["$ref"].rpartition("/")[2]] for one in _choices(schema) if "$ref" in one]
    return any(one.get("description", "").strip() for one in (schema, *referred))


def shows_itself(schema: Schema) -> bool:
    """A flag, or something that is told of by other models."""
    return any("$ref" in part or part.get("type") == "boolean" for part in _parts(schema))


def examples_of(schema: Schema) -> Sequence[Any]:
    """The schema's own."""
    return [*schema.get("examples", ()), *([schema["example"]] if "example" in schema else ())]


def wrong_examples(document: Schema) -> Iterator[str]:
    """Where an example is not what its schema says, and why."""
    for name, schema in models_of(document).items():
        yield from _wrong(document, name, schema)
    for field in fields_of(document):
        yield from _wrong(document, field.place, field.schema)


def _wrong(document: Schema, place: str, schema: Schema) -> Iterator[str]:
    whole = {**schema, "components": document["components"]}
    checker = jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())
    for example in examples_of(schema):
        yield from (f"{place}: {error.message}" for error in checker.iter_errors(example))


def _choices(schema: Schema) -> list[Schema]:
    return [schema, *(one for words in ("anyOf", "allOf", "oneOf") for one in schema.get(words, ()))]


def _parts(schema: Schema) -> Iterator[Schema]:
    """The schema itself, its choices, and what its lists and mappings are of."""
    yield schema
    _, *choices = _choices(schema)
    of = [schema[word] for word in ("items", "additionalProperties") if isinstance(schema.get(word), Mapping)]
    for one in (*choices, *of):
        yield from _parts(one)
