"""What an expression may say, what it means, and what a wrong one is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagasim.core.errors import BadExpression
from sagasim.core.expressions import MOST_CHARACTERS, compile_expression, conjuncts, names_in

NAMES = ("a", "b.c", "stock")
numbers = st.integers(-50, 50)


@st.composite
def sums(draw: st.DrawFn, depth: int = 2) -> str:
    """Arithmetic in the grammar that Python shares."""
    if depth == 0:
        return draw(st.sampled_from(NAMES) | st.integers(0, 99).map(str))
    one, other = draw(sums(depth=depth - 1)), draw(sums(depth=depth - 1))
    form = draw(
        st.sampled_from(("{0} + {1}", "{0} - {1}", "{0}*{1}", "-{0}", "({0})", "+ {0} -{1}", "({0}-{1})*{0}"))
    )
    return form.format(one, other)


@st.composite
def truths(draw: st.DrawFn, depth: int = 3) -> str:
    """Comparisons and logic in the grammar that Python shares."""
    if depth == 0:
        signs = st.sampled_from(("==", "!=", "<", "<=", ">", ">="))
        chain = draw(st.lists(st.tuples(signs, sums()), min_size=1, max_size=2))
        return draw(sums()) + "".join(f" {sign} {it}" for sign, it in chain)
    one, other = draw(truths(depth=depth - 1)), draw(truths(depth=depth - 1))
    form = draw(
        st.sampled_from(("{0} and {1}", "{0} or {1}", "not {0}", "({0})", "not({0} or {1})and {1}", "{0}"))
    )
    return form.format(one, other)


@given(truths(depth=2), numbers, numbers, numbers)
def test_an_expression_means_what_python_would_say(text: str, a: int, b: int, stock: int) -> None:
    python = text.replace("b.c", "b")
    try:
        function = compile_expression(text, NAMES)
    except BadExpression as bad:
        assert "characters" in str(bad) or "nested" in str(bad)  # noqa: PT017
        return
    assert function((a, b, stock)) is eval(python, {"a": a, "b": b, "stock": stock})


def test_values_come_in_the_order_of_the_names() -> None:
    judged = compile_expression("a < b.c", ("b.c", "a"))
    assert judged([2, 1])
    assert not judged([1, 2])


def test_names_are_told_in_the_order_in_which_they_are_mentioned() -> None:
    assert names_in("not stock < 2 * b.c and b.c == a or stock == 1") == ("stock", "b.c", "a")


def test_what_must_hold_together_is_told_apart_where_and_joins_it_all() -> None:
    one, other = frozenset({"a", "b"}), frozenset({"c"})
    assert conjuncts("a <= b and c == 0") == (one, other)
    assert conjuncts("a <= b and (c == 0 or c == 1)") == (one, other)
    assert conjuncts("a <= b or c == 0") == (one | other,)
    assert conjuncts("a <= b and c == 0 or a == 1") == (one | other,)
    assert conjuncts("not (a <= b and c == 0)") == (one | other,)
    assert conjuncts("1 == 1 and c == 0") == (frozenset(), other)


def test_a_word_that_begins_like_a_keyword_is_a_resource() -> None:
    assert names_in("android < order and nothing == not_yet") == ("android", "order", "nothing", "not_yet")


def test_a_resource_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadExpression, match=r"no resource 'stokc'; there are a, b\.c, stock"):
        compile_expression("stokc > 1", NAMES)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "ends too early"),
        ("   ", "ends too early"),
        ("a +", "ends too early"),
        ("a", "a number, not true or false; compare it"),
        ("a + 1", "a number, not true or false"),
        ("a and stock", "'and' joins comparisons, not numbers"),
        ("not a", "'not' joins comparisons, not numbers"),
        ("(a < 1) < 2", "'<' takes numbers"),
        ("1 < (a < 2)", "'<' takes numbers"),
        ("-(a < 2)", "'-' takes numbers"),
        ("(a < 2) * 3 == 1", "'\\*' takes numbers"),
        ("a = 1", "write == for equals"),
        ("a == 1 && stock == 1", "write and"),
        ("a == 1 || stock == 1", "write or"),
        ("!a == 1", "write not"),
        ("a / 2 < 1", "no division; multiply the other side"),
        ("a % 2 == 1", "no division"),
        ("a ** 2 < 1", "a value should"),
        ("a < 1.5", "multiply both sides"),
        ("a < 1e3", "write digits only"),
        ("a < 0x1f", "write digits only"),
        ("a == 'x'", "text is not compared"),
        ("A < 1", "lower-case letters"),
        ("a2 < 1", "lower-case letters"),
        ("a..c < 1", "lower-case letters"),
        ("a < ß", "lower-case letters"),
        ("len(a) < 1", "nothing is called"),
        ("a [0] < 1", "nothing is called"),
        ("a.b() < 1", "nothing is called"),
        ("lambda: a < 1", "lower-case letters"),
        ("a < 1 if stock < 1", "'if' does not continue it"),
        ("(a < 1", r"write \)"),
        ("a < 1)", r"'\)' does not continue it"),
        ("true", "always the same"),
        ("a < 9999999999999999", "at most 15 digits"),
        ("(" * 50 + "a < 1" + ")" * 50, "nested more than 40 deep"),
        ("not " * 50 + "a < 1", "nested more than 40 deep"),
        ("-" * 50 + "a < 1", "nested more than 40 deep"),
        ("a < 1 " + "and a < 1 " * 200, f"at most {MOST_CHARACTERS}"),
        ("a\0 < 1", "lower-case letters"),
    ],
)
def test_what_is_no_expression_is_told_what_would_have_been_right(text: str, sentence: str) -> None:
    with pytest.raises(BadExpression, match=sentence):
        names_in(text)


def test_the_longest_expression_can_be_judged() -> None:
    text = "+".join(["a"] * ((MOST_CHARACTERS - 4) // 2)) + "<1"
    assert compile_expression(text, ("a",))([0]) is True


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            ["a", "b.c", "1", "(", ")", "+", "-", "*", "<", "==", "and", "or", "not", ",", ".", "_", "__"]
        )
    ).map(" ".join)
)
def test_any_text_is_judged_or_refused_and_nothing_else_happens(text: str) -> None:
    try:
        names = names_in(text)
        assert isinstance(compile_expression(text, names)([1] * len(names)), bool)
    except BadExpression:
        pass
