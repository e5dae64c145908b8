"""What looks like a condition and is none: refused with the form that means it.

The filter language has no brackets, no OR between fields and no `field=value`. Taken for words to
search for, such texts would find nothing and say nothing. A text in quotes is always searched for.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, NoReturn

from plumbline.errors import UsageError
from plumbline.posture.filters import Comparison, Query, Term, Text
from plumbline.posture.relation import FieldKind

if TYPE_CHECKING:
    from plumbline.posture.filters import Value
    from plumbline.posture.relation import Field, Relation

_OR, _AND, _NOT = frozenset({"OR", "||", "|"}), frozenset({"AND", "&&"}), frozenset({"NOT"})
_OPERATORS = _OR | _AND | _NOT
_SIGNS = r">=|=>|<=|=<|!=|<>|==|:=|=~|=|>|<|~"
_COMPARED = re.compile(rf"([A-Za-z_][A-Za-z0-9_]*)({_SIGNS})(.*)", re.DOTALL)
_SIGN_FIRST = re.compile(rf"({_SIGNS}|:)(.*)", re.DOTALL)
_MARKED = re.compile(r"[(\[{!+]+-?([A-Za-z_][A-Za-z0-9_]*):")
_WRITTEN = {"=>": ">=", "=<": "<=", ">=": ">=", "<=": "<=", ">": ">", "<": "<"}
"""How a filter writes a sign; the others are no more than the colon."""
_QUOTE = "to look for the text, put it in quotes:"
_TURNED = frozenset({"!=", "<>"})
_ORDERED = frozenset(
    {FieldKind.SEVERITY, FieldKind.INTEGER, FieldKind.NUMBER, FieldKind.DAYS, FieldKind.TIME}
)


def refuse(relation: Relation, query: Query) -> None:
    """Refuse a query that has an unknown field or a text that only looks like a condition.

    Raises:
        UsageError: it has; points at the character and tells the right form.
    """
    named = [term for term in query.terms if term.name]
    for term in named:
        _refuse_field(relation, query, term)
        _refuse_values(query, term)
    places = [place for place, term in enumerate(query.terms) if not term.name]
    for check in (_refuse_operator, _refuse_brackets, _refuse_comparison):
        for place in places:
            check(relation, query, place)


def _refuse_field(relation: Relation, query: Query, term: Term) -> None:
    try:
        relation.field(term.name)
    except UsageError as error:
        text = _in_quotes(str(replace(term, negated=False)))
        advice = f"{error.advice.rstrip('.')}; {_QUOTE} {text}."
        query.refuse(error.what, term.at + term.negated, advice)


def _refuse_values(query: Query, term: Term) -> None:
    """Values of a field that hold a sign of another language."""
    for value in term.values:
        low = value.low
        if low is None or low.quoted:
            continue
        name = f"{'-' * term.negated}{term.name}"
        text = f"{name}:{_in_quotes(low.text)}"
        sign = _SIGN_FIRST.match(low.text)
        if low.text.startswith("("):
            words = re.split(r"[\s,|]+", query.written[low.at + 1 :].partition(")")[0].strip())
            words = [word for word in words if word.upper() not in _OPERATORS]
            form = f"write {name}:{','.join(words)} for one or the other"
            query.refuse("A filter has no brackets.", low.at, f"{form}; {_QUOTE} {text}.")
        if "|" in low.text.strip("|"):
            form = f"write {name}:{','.join(filter(None, low.text.split('|')))}"
            advice = f"{form} for one or the other; {_QUOTE} {text}."
            query.refuse("| is no part of a filter.", low.at, advice)
        if low.text.startswith("!") and low.text.strip("!="):
            form = f"write {'-' * (not term.negated)}{term.name}:{low.text.lstrip('!=')}"
            query.refuse("! is no part of a filter.", low.at, f"{form}; {_QUOTE} {text}.")
        if sign and sign[2] and not (sign[1] == ":" or value.comparison is Comparison.BETWEEN):
            form = f"write {name}:{_sign_of(value.comparison.value + sign[1])}{sign[2]}"
            query.refuse(f"{value} is no value.", value.at, f"{form}; {_QUOTE} {text}.")


def _refuse_operator(relation: Relation, query: Query, place: int) -> None:
    """Words that join conditions elsewhere. In small letters they may be meant as words."""
    word, at = _only_word(query.terms[place]), query.terms[place].at
    after = query.terms[place + 1 : place + 2]
    beside = (*query.terms[max(place - 1, 0) : place], *after)
    is_meant = any(one.name for one in beside) or (word.upper() in _OR and len(beside) > 1)
    if word.upper() not in _OPERATORS or not beside or not (word in _OPERATORS or is_meant):
        return
    what = f"{word} is no part of a filter."
    if word.upper() in _OR:
        _refuse_or(relation, query, place)
    if word.upper() in _AND:
        rest = (one for one in query.terms if _only_word(one).upper() not in _AND)
        form = _write(str(Query(tuple(rest))), query.written)
        query.refuse(what, at, f"conditions are joined by AND already: {form}")
    if after:
        turned = replace(after[0], negated=not after[0].negated)
        query.refuse(what, at, _write(str(turned), query.written))


def _refuse_or(relation: Relation, query: Query, place: int) -> NoReturn:
    """`a OR b` is `a,b` within a field, or as words; between fields there is none."""
    run = [query.terms[place - 1]] if place else []
    rest = query.terms[place:]
    pairs = zip(rest[::2], rest[1::2], strict=False)
    run += [one for _, one in takewhile(lambda pair: _is_or(pair[0]), pairs)]
    word = query.terms[place]
    names = {relation.field(one.name).name if one.name else "" for one in run}
    if len(run) > 1 and len(names) == 1 and not any(one.negated for one in run):
        values = tuple(_bare(value) for one in run for value in one.values)
        advice = _either(str(replace(run[0], values=values)), query.written)
    else:
        advice = (
            "values of one field are joined by a comma, as in severity:critical,high; OR between "
            "fields is not there yet: ask twice. "
            f"T{_quote(query.written)[1:]}"
        )
    query.refuse(f"{_only_word(word)} is no part of a filter.", word.at, advice)


def _refuse_brackets(relation: Relation, query: Query, place: int) -> None:
    """Brackets around conditions or the whole query; others are part of a name to search for."""
    term = query.terms[place]
    for value in term.values:
        low = value.low
        if low is None or low.quoted:
            continue
        marked = _MARKED.match(low.text)
        around = low.text.startswith("(") and (
            term.negated or (place == 0 and str(query).endswith(")"))
        )
        if low.text.startswith("!") and low.text.strip("!"):
            form = f"{'' if term.negated else '-'}{low.text.lstrip('!')}"
            query.refuse("! is no part of a filter.", low.at, _write(form, low.text))
        if low.text.startswith("+") and marked and _has(relation, marked[1]):
            query.refuse(
                "+ is no part of a filter.", low.at, _write(low.text.lstrip("+"), low.text)
            )
        if around or (marked and _has(relation, marked[1])):
            plain = re.sub(r"[()\[\]{}]", "", query.written)
            advice = "conditions are joined by AND, and values of a field by a comma: "
            query.refuse("A filter has no brackets.", low.at, advice + _write(plain, query.written))


def _refuse_comparison(relation: Relation, query: Query, place: int) -> None:
    """`severity>=high`, `severity = high`, `a|b`."""
    term = query.terms[place]
    low = term.values[0].low
    if low is None or low.quoted:
        return
    found = _COMPARED.fullmatch(low.text)
    if found:
        _refuse_compared(relation, query, place, (found[1], found[2], found[3]))
    parted = _SIGN_FIRST.fullmatch(low.text)
    before = _only_word(query.terms[place - 1]) if place else ""
    if parted and before and _has(relation, before):
        field = relation.field(before)
        is_equal = not _WRITTEN.get(parted[1])
        if (is_equal or field.kind in _ORDERED) and (parted[2] or query.terms[place + 1 :]):
            _refuse_compared(relation, query, place - 1, (before, parted[1], parted[2]), taken=2)
    for value in term.values:
        text = value.low.text if value.low and not value.low.quoted else ""
        if "|" in text.strip("|"):
            form = ",".join(filter(None, text.split("|")))
            query.refuse("| is no part of a filter.", value.at, _either(form, text))


def _refuse_compared(
    relation: Relation,
    query: Query,
    place: int,
    parts: tuple[str, str, str],
    taken: int = 1,
) -> None:
    """A name, a sign and a value that were written as one word, or with blanks between them."""
    name, sign, value = parts
    term = query.terms[place]
    values = [value, *(str(one) for one in query.terms[place + taken - 1].values[1:])]
    following = query.terms[place + taken :]
    if not value and following and not following[0].name:
        values = [str(one) for one in following[0].values]
    text = " ".join(str(one) for one in query.terms[place : place + taken]) + (
        f" {following[0]}" if not value and following else ""
    )
    what = f"{text} is no condition."
    if not _has(relation, name):
        if not values[0]:
            return
        advice = relation.suggestion(name).rstrip(".")
        form = f"{relation.name} have no field {name!r}: {advice}"
        query.refuse(what, term.at, f"{form}; {_quote(text)}")
    field = relation.field(name)
    turned = (sign in _TURNED) is not term.negated
    form = f"{'-' * turned}{name}:{_form(field, sign, ','.join(filter(None, values)))}"
    query.refuse(what, term.at, _write(form, text))


def _form(field: Field, sign: str, value: str) -> str:
    value = value or "VALUE"
    return f"{_WRITTEN.get(sign, '') if field.kind in _ORDERED else ''}{value}"


def _sign_of(signs: str) -> str:
    return next((told for one, told in _WRITTEN.items() if one in signs), "")


def _bare(value: Value) -> Value:
    """A value without brackets."""
    if value.low is None or value.low.quoted:
        return value
    return replace(value, low=Text(value.low.text.strip("()") or "VALUE"))


def _only_word(term: Term) -> str:
    """The word that a term is and nothing else; empty where it is more, or quoted."""
    if term.name or term.negated or len(term.values) != 1:
        return ""
    low = term.values[0].low
    return "" if low is None or low.quoted else low.text


def _is_or(term: Term) -> bool:
    return _only_word(term).upper() in _OR


def _has(relation: Relation, name: str) -> bool:
    return any(name.lower() in {field.name, *field.names} for field in relation.fields)


def _either(form: str, text: str) -> str:
    return f"write {form} for one or the other; {_quote(text)}"


def _write(form: str, text: str) -> str:
    return f"write {form}; {_quote(text)}"


def _quote(text: str) -> str:
    return f"{_QUOTE} {_in_quotes(text)}."


def _in_quotes(text: str) -> str:
    return str(Text(text.strip().replace('"', ""), quoted=True))
