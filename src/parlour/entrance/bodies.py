"""What a program sends: JSON into structs, strictly; the query string too."""

import re
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeVar, cast
from urllib.parse import parse_qsl

import msgspec

from parlour.entrance.request import Request
from parlour.foundation.errors import BadRequest, Invalid, UnsupportedMediaType

Shape = TypeVar("Shape")

_DEEPEST: Final = 32
_MOST_PARAMETERS: Final = 100
_WHOLE_NUMBER: Final = re.compile(r"-?[0-9]{1,18}")
NO_NUL: Final = "Text can't hold NUL characters."


class NotJson(BadRequest):
    """The body is not valid JSON in UTF-8."""


async def json_body(request: Request, shape: type[Shape]) -> Shape:
    """The body as a struct. Raises `BadRequest`, `Invalid`, `TooLarge` or `UnsupportedMediaType`."""
    kind = request.content_type[0]
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMediaType("Send the body as `Content-Type: application/json`.")
    body = await request.body()
    if not body:
        raise NotJson("The body is empty. Send a JSON object.")
    try:
        text = body.decode()
        if "\\u0000" in text:
            _refuse_nul(msgspec.json.decode(text))
        decoded: Shape = _decoder(cast(Hashable, shape))(text)
        return decoded
    except msgspec.ValidationError as wrong:
        raise _invalid(wrong) from wrong
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError) as broken:
        raise NotJson() from broken


def query(request: Request, shape: type[Shape]) -> Shape:
    """The query string as a struct; a list's values are repeated or separated by commas. Raises `BadRequest`."""
    sent = query_pairs(request)
    lists, kinds = _lists_of(cast(Hashable, shape)), _plain_kinds_of(cast(Hashable, shape))
    values: dict[str, Any] = {}
    for name, value in sent:
        if name in lists:
            values.setdefault(name, []).extend(filter(None, value.split(",") if lists[name] else [value]))
        elif name in values:
            raise BadRequest("Some parameters need attention.", {name: "This parameter is given more than once."})
        else:
            values[name] = _plain(value, kinds.get(name))
    try:
        asked = msgspec.convert(values, shape)
    except msgspec.ValidationError as wrong:
        named = {name.partition("[")[0]: sentence for name, sentence in _details(wrong).items()}
        raise BadRequest("Some parameters need attention.", named) from wrong
    _refuse_lost_moments(asked)
    return asked


def _refuse_lost_moments(asked: Any) -> None:
    # The first and last hours of the calendar, with an offset, are no moment of it in UTC.
    for name, value in msgspec.structs.asdict(asked).items():
        try:
            if isinstance(value, datetime):
                value.astimezone(UTC)
        except OverflowError as lost:
            told = next(field.encode_name for field in msgspec.structs.fields(asked) if field.name == name)
            sentence = "That moment lies outside the calendar."
            raise BadRequest("Some parameters need attention.", {told: sentence}) from lost


def refuse_query(request: Request) -> None:
    """For an operation without parameters. Raises `BadRequest`."""
    for name, _ in query_pairs(request):
        raise BadRequest("Some parameters need attention.", {name: "There is no such parameter here."})


def query_pairs(request: Request) -> list[tuple[str, str]]:
    """Names and values, in order. Raises `BadRequest` for broken UTF-8, NUL characters, or far too many of them."""
    raw: bytes = request.scope["query_string"]
    if not raw:
        return []
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except UnicodeDecodeError as broken:
        raise BadRequest("The query string is not valid UTF-8, percent-encoded.") from broken
    except ValueError as many:
        raise BadRequest(f"At most {_MOST_PARAMETERS} parameters are accepted.") from many
    if any("\x00" in name or "\x00" in value for name, value in pairs):
        raise BadRequest(NO_NUL)
    return pairs


@cache
def _decoder(shape: Any) -> Callable[[str], Any]:
    return msgspec.json.Decoder(shape).decode


@cache
def _lists_of(shape: Any) -> dict[str, bool]:
    """The parameters that may be repeated, and whether commas separate them too: not in free text."""
    found = {}
    for field in msgspec.structs.fields(shape):
        for kind in _kinds_of(field):
            if isinstance(kind, msgspec.inspect.ListType):
                found[field.encode_name] = not isinstance(_bare(kind.item_type), msgspec.inspect.StrType)
    return found


@cache
def _plain_kinds_of(shape: Any) -> dict[str, type[msgspec.inspect.Type]]:
    """The parameters that are numbers, and those that are yes or no."""
    return {
        field.encode_name: type(kind)
        for field in msgspec.structs.fields(shape)
        for kind in _kinds_of(field)
        if isinstance(kind, (msgspec.inspect.IntType, msgspec.inspect.BoolType))
    }


def _plain(value: str, kind: type[msgspec.inspect.Type] | None) -> object:
    # Only these two: a lenient conversion of everything would take 0.5 for a time and `null` for nothing.
    if kind is msgspec.inspect.BoolType:
        return {"true": True, "false": False}.get(value, value)
    if kind is msgspec.inspect.IntType and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    return value


def _kinds_of(field: msgspec.structs.FieldInfo) -> list[msgspec.inspect.Type]:
    kind = _bare(msgspec.inspect.type_info(field.type))
    return [_bare(each) for each in kind.types] if isinstance(kind, msgspec.inspect.UnionType) else [kind]


def _bare(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    return kind.type if isinstance(kind, msgspec.inspect.Metadata) else kind


def _refuse_nul(value: Any, path: str = "", depth: int = 0) -> None:
    # Only for a body that spells one; a backslash before it may make it harmless.
    if depth > _DEEPEST:
        raise NotJson("The body is nested too deeply.")
    if isinstance(value, str) and "\x00" in value:
        raise Invalid(details={path or "body": NO_NUL})
    if isinstance(value, dict):
        for name, part in value.items():
            _refuse_nul(name, path, depth + 1)
            _refuse_nul(part, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, list):
        for part in value:
            _refuse_nul(part, path, depth + 1)


def _invalid(wrong: msgspec.ValidationError) -> Invalid:
    return Invalid(details=_details(wrong))


def _details(wrong: msgspec.ValidationError) -> dict[str, str]:
    # "Expected `int`, got `str` - at `$.assigneeId`": the field, then what to do about it.
    sentence, _, place = str(wrong).partition(" - at `")
    path = place.rstrip("`").removeprefix("$").removeprefix(".")
    if "unknown field" in sentence:
        name = sentence.rpartition("field `")[2].rstrip("`")
        return {f"{path}.{name}" if path else name: "There is no such field. Check its spelling, or leave it out."}
    if "missing required field" in sentence:
        name = sentence.rpartition("field `")[2].rstrip("`")
        return {f"{path}.{name}" if path else name: "This is required."}
    return {path.replace("[...]", "") or "body": sentence.replace("`", "") + "."}
