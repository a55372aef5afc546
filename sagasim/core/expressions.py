"""Expressions over resources: what invariants and `refuses_when` may say.

    truth      := conjunction ("or" conjunction)*
    conjunction:= negation ("and" negation)*
    negation   := "not" negation | comparison
    comparison := sum (("==" | "!=" | "<" | "<=" | ">" | ">=") sum)*       chained: a < b < c means both
    sum        := product (("+" | "-") product)*
    product    := factor ("*" factor)*
    factor     := ("-" | "+") factor | whole number | resource | "(" truth ")"

Nothing else is evaluated. There is no division: every resource is a whole number, x / 0 would need a
meaning that nobody would remember, and `2 * a <= b` says the same as `a <= b / 2` exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, NoReturn

from sagasim.core.errors import BadExpression, listed, quoted

MOST_CHARACTERS = 1000
MOST_NESTING = 40
MOST_DIGITS = 15

RESOURCE = re.compile(r"[a-z_]+(?:\.[a-z_]+)*\Z")

COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?![\w.]))|(?P<sign>(?:and|or|not)(?![\w.\[])|==|!=|<=|>=|[-+*()<>])"
    r"|(?P<name>[a-z_]+(?:\.[a-z_]+)*(?![\w.(\[]))|(?P<end>\Z))",
    re.ASCII,
)
_WHAT = "write arithmetic, comparisons, and/or/not, whole numbers and resource names"
_INSTEAD = (
    ("=", "write == for equals"),
    ("&", "write and"),
    ("|", "write or"),
    ("!", "write not, or != for unequal"),
    ("/", "there is no division; multiply the other side, as in 2 * a <= b"),
    ("%", "there is no division; multiply the other side, as in 2 * a <= b"),
    ("'", "text is not compared; only numbers and resources are"),
    ('"', "text is not compared; only numbers and resources are"),
)


class _Part(NamedTuple):
    """A piece of Python that was built from what was parsed, and whether its value is true or false."""

    python: str
    is_truth: bool


def compile_expression(text: str, names: tuple[str, ...]) -> Callable[[Sequence[int]], bool]:
    """The expression as one function of the resources' values, which come in the order of `names`.

    Raises BadExpression where the text is no truth over these names, with what would have been right.
    """
    part, used, _ = _parsed(text)
    for name in used:
        if name not in names:
            raise BadExpression(f"no resource {quoted(name)}; there are {listed(names)}")
    places = {name: f"v[{index}]" for index, name in enumerate(names)}
    python = re.sub(r"\{([a-z_.]+)\}", lambda match: places[match[1]], part.python)
    # Only whole numbers, v[...] and the operators of the grammar can be in this text: _Parser wrote it.
    function: Callable[[Sequence[int]], bool] = eval(f"lambda v: {python}", {"__builtins__": {}})  # noqa: S307
    return function


def names_in(text: str) -> tuple[str, ...]:
    """The resources that an expression mentions, in order. Raises BadExpression."""
    return _parsed(text)[1]


def conjuncts(text: str) -> tuple[frozenset[str], ...]:
    """The resources of each truth that must hold for the whole to hold; one, unless `and` joins them all.

    Raises BadExpression.
    """
    return _parsed(text)[2]


@lru_cache(maxsize=1024)
def _parsed(text: str) -> tuple[_Part, tuple[str, ...], tuple[frozenset[str], ...]]:
    if len(text) > MOST_CHARACTERS:
        raise BadExpression(f"{len(text)} characters; at most {MOST_CHARACTERS} are read")
    parser = _Parser(text)
    part = parser.whole()
    return part, tuple(dict.fromkeys(parser.names)), parser.conjuncts()


class _Parser:
    """Recursive descent over one text. `{name}` stands for a resource in the Python that it writes."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0
        self.names: list[str] = []
        self.joints: dict[str, list[int]] = {
            "and": [],
            "or": [],
        }  # those that join all: how many names stand before
        self.token, self.group = "", "end"
        self._next()

    def whole(self) -> _Part:
        part = self._truth()
        if self.group != "end":
            self._fail(f"{quoted(self.token)} does not continue it; {_WHAT}")
        if not part.is_truth:
            self._fail("it is a number, not true or false; compare it, as in inventory.available >= 1")
        return part

    def conjuncts(self) -> tuple[frozenset[str], ...]:
        if self.joints["or"]:
            return (frozenset(self.names),)
        cuts = [0, *self.joints["and"], len(self.names)]
        return tuple(frozenset(self.names[one:next_]) for one, next_ in pairwise(cuts))

    def _next(self) -> None:
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            self._fail_at_sign()
        self.group = match.lastgroup or "end"
        self.token, self.at = match[self.group], match.end()

    def _took(self, signs: Iterable[str]) -> str:
        """The sign that stands here if it is one of these, after stepping over it; else nothing."""
        if self.group != "sign" or self.token not in signs:
            return ""
        sign = self.token
        self._next()
        return sign

    def _truth(self) -> _Part:
        return self._joined("or", self._conjunction)

    def _conjunction(self) -> _Part:
        return self._joined("and", self._negation)

    def _joined(self, word: str, operand: Callable[[], _Part]) -> _Part:
        part = operand()
        while self._took((word,)):
            self._must_be_truth(part, word)
            if not self.depth:
                self.joints[word].append(len(self.names))
            other = operand()
            self._must_be_truth(other, word)
            part = _Part(f"{part.python} {word} {other.python}", is_truth=True)
        return part

    def _negation(self) -> _Part:
        if not self._took(("not",)):
            return self._comparison()
        part = self._deeper(self._negation)
        self._must_be_truth(part, "not")
        return _Part(f"not {part.python}", is_truth=True)

    def _comparison(self) -> _Part:
        first = self._sum()
        python = [first.python]
        while sign := self._took(COMPARISONS):
            other = self._sum()
            self._must_be_number(first, sign)
            self._must_be_number(other, sign)
            python += [sign, other.python]
        return _Part(" ".join(python), is_truth=True) if len(python) > 1 else first

    def _sum(self) -> _Part:
        return self._reckoned(("+", "-"), self._product)

    def _product(self) -> _Part:
        return self._reckoned(("*",), self._factor)

    def _reckoned(self, signs: tuple[str, ...], operand: Callable[[], _Part]) -> _Part:
        part = operand()
        while sign := self._took(signs):
            self._must_be_number(part, sign)
            other = operand()
            self._must_be_number(other, sign)
            part = _Part(f"{part.python} {sign} {other.python}", is_truth=False)
        return part

    def _factor(self) -> _Part:
        if sign := self._took(("-", "+")):
            part = self._deeper(self._factor)
            self._must_be_number(part, sign)
            return _Part(f"{sign}{part.python}", is_truth=False)
        if self._took(("(",)):
            return self._parenthesis()
        return self._operand()

    def _parenthesis(self) -> _Part:
        part = self._deeper(self._truth)
        if not self._took((")",)):
            self._fail("a parenthesis is not closed; write )")
        return _Part(f"({part.python})", part.is_truth)

    def _operand(self) -> _Part:
        token, group = self.token, self.group
        if group not in ("number", "name"):
            missing = (
                "it ends too early" if group == "end" else f"{quoted(token)} stands where a value should"
            )
            self._fail(f"{missing}; write a whole number or a resource name there")
        if group == "number" and len(token) > MOST_DIGITS:
            self._fail(f"the number {quoted(token)} is too long; write at most {MOST_DIGITS} digits")
        if token in ("true", "false"):
            self._fail(f"{token} is always the same; write a comparison")
        self._next()
        if group == "number":
            return _Part(str(int(token)), is_truth=False)
        self.names.append(token)
        return _Part(f"{{{token}}}", is_truth=False)

    def _deeper(self, parse: Callable[[], _Part]) -> _Part:
        self.depth += 1
        if self.depth > MOST_NESTING:
            self._fail(f"it is nested more than {MOST_NESTING} deep; write it flatter")
        part = parse()
        self.depth -= 1
        return part

    def _must_be_truth(self, part: _Part, word: str) -> None:
        if not part.is_truth:
            self._fail(f"{word!r} joins comparisons, not numbers; compare, as in orders.open == 1")

    def _must_be_number(self, part: _Part, sign: str) -> None:
        if part.is_truth:
            self._fail(f"{sign!r} takes numbers, not true or false; join comparisons with and, or, not")

    def _fail_at_sign(self) -> NoReturn:
        rest = self.text[self.at :].lstrip(" \t\n\r\f\v")
        for sign, instead in _INSTEAD:
            if rest.startswith(sign):
                self._fail(f"{quoted(sign)} is not known; {instead}")
        word = re.match(r"[\w.]*[(\[]?", rest)
        shown = word[0] if word and word[0] else rest[:1]
        self._fail(f"{quoted(shown)} is no {_kind_of_word(shown)}")

    def _fail(self, why: str) -> NoReturn:
        raise BadExpression(f"{quoted(self.text)} cannot be judged: {why}")


def _kind_of_word(word: str) -> str:
    """What the word was meant for, and what would have been right."""
    if word[-1] in "([":
        return f"resource; nothing is called or looked up: {_WHAT}"
    if word[0].isdigit():
        return "whole number; write digits only, and multiply both sides where you need a fraction"
    return "resource; names are lower-case letters and _, joined by dots, such as inventory.available"
