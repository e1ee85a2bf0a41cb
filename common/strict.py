"""Reading one YAML file so that every mistake is named by file and entry."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NoReturn, Self, TypeVar

import yaml

Choice = TypeVar("Choice", bound=StrEnum)

TEXT_MAX: Final = 600  # where nothing else is said


class PackError(Exception):
    """A content file says something that cannot be loaded; the message names the file and the entry."""


class _StrictLoader(yaml.SafeLoader):
    """Plain YAML with text for names (`1:` is "1"). A name written twice is refused; YAML keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for name_node, _ in node.value:
            name = str(self.construct_object(name_node, deep=True))
            if name in seen:
                raise yaml.constructor.ConstructorError(
                    None,
                    None,
                    f"the name {name!r} stands here twice",
                    name_node.start_mark,
                )
            seen.add(name)
        return {str(name): value for name, value in super().construct_mapping(node, deep=deep).items()}


class Entry:
    """One mapping of a file. Each value is taken once, by kind; `close` refuses what nobody asked for."""

    def __init__(self, raw: object, *, file: str, path: str = "") -> None:
        self.file = file
        self.path = path
        if not isinstance(raw, dict):
            self.refuse("names and values were expected here")
        self._left: dict[str, Any] = dict(raw)

    def refuse(self, problem: str) -> NoReturn:
        """Raise `PackError` about this entry."""
        where = f"{self.file}: {self.path}" if self.path else self.file
        raise PackError(f"{where}: {problem}")

    def take(self, name: str) -> object:
        """The raw value of *name*, which has to be there."""
        if name not in self._left:
            self.refuse(f"{name!r} is missing")
        return self._left.pop(name)

    def text(self, name: str, *, max_length: int = TEXT_MAX) -> str:
        """A text that is not empty and has room."""
        value = self.take(name)
        if not isinstance(value, str) or not value.strip():
            self.refuse(f"{name!r} has to be a text that is not empty")
        value = value.strip()
        if len(value) > max_length:
            self.refuse(f"{name!r} has {len(value)} characters, there is room for {max_length}: {value!r}")
        return value

    def optional_text(self, name: str, *, max_length: int = TEXT_MAX) -> str:
        """Like `text`; '' where the name is left out."""
        return self.text(name, max_length=max_length) if self.has(name) else ""

    def flag(self, name: str) -> bool:
        """True or false; false where the name is left out."""
        value = self._left.pop(name, False)
        if not isinstance(value, bool):
            self.refuse(f"{name!r} is true or false, not {value!r}")
        return value

    def optional_whole(self, name: str, *, low: int, high: int) -> int | None:
        """Like `whole`; None where it says null."""
        if self._left.get(name, low) is None:
            del self._left[name]
            return None
        return self.whole(name, low=low, high=high)

    def whole(self, name: str, *, low: int, high: int) -> int:
        """A whole number from *low* to *high*."""
        value = self.take(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.refuse(f"{name!r} is a whole number from {low} to {high}, not {value!r}")
        return value

    def day(self, name: str) -> date:
        """A date written as 2026-01-31."""
        value = self.take(name)
        if type(value) is not date:
            self.refuse(f"{name!r} is a date such as 2026-01-31, not {value!r}")
        return value

    def one_of(self, name: str, choices: type[Choice]) -> Choice:
        """One of the known words."""
        value = self.take(name)
        try:
            return choices(str(value))
        except ValueError:
            self.refuse(f"{name!r} is one of {', '.join(choices)}, not {value!r}")

    def has(self, name: str) -> bool:
        """Whether *name* stands here and has not been taken yet."""
        return name in self._left

    def listed(self, name: str) -> list[object]:
        """A list, as it stands."""
        value = self.take(name)
        if not isinstance(value, list):
            self.refuse(f"{name!r} has to be a list")
        return value

    def texts(self, name: str, *, max_length: int = TEXT_MAX) -> tuple[str, ...]:
        """A list of texts."""
        values = self.listed(name)
        for value in values:
            if not isinstance(value, str) or not value.strip() or len(value) > max_length:
                self.refuse(f"{name!r} is a list of texts of at most {max_length} characters, not {value!r}")
        return tuple(str(value) for value in values)

    def section(self, name: str) -> Self:
        """A mapping inside this one."""
        return type(self)(self.take(name), file=self.file, path=self._below(name))

    def entries(self, name: str, *, named_by: str = "key") -> Iterator[Self]:
        """The mappings of a list, each closed after use and named by its own key; no two may share one."""
        seen: set[str] = set()
        for number, raw in enumerate(self.listed(name), start=1):
            own_name = raw.get(named_by, number) if isinstance(raw, dict) else number
            entry = type(self)(raw, file=self.file, path=f"{self._below(name)}[{own_name}]")
            if str(own_name) in seen:
                entry.refuse(f"{named_by!r} is already taken by another entry")
            seen.add(str(own_name))
            yield entry
            entry.close()

    def close(self) -> None:
        """Refuse what is left over: a misspelt name would otherwise be lost in silence."""
        if self._left:
            self.refuse(f"nobody knows {', '.join(repr(name) for name in self._left)}")

    def _below(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def read_yaml(path: Path) -> object:
    """What the file at *path* holds: plain values only, no name twice.

    Raises:
        PackError: the file is missing, is not YAML, or holds a name twice.
    """
    try:
        loader = _StrictLoader(path.read_text(encoding="utf-8"))
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(f"{path.name}: cannot be read ({error})") from error
    except yaml.YAMLError as error:
        raise PackError(f"{path.name}: {_in_one_line(error)}") from error


def _in_one_line(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return str(error)
