"""What a device sends before it has a session or a key: the shapes are the provisioning package's own, on both ends."""

from typing import Any, TypeVar

import msgspec
from fastapi import Request
from msgspec.json import Decoder

from cloud.domain.errors import InvalidError

T = TypeVar("T", bound=msgspec.Struct)


def described(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """Return what OpenAPI has to know of a body that msgspec reads."""
    _, schemas = msgspec.json.schema_components([shape])
    described = {key: value for key, value in schemas[shape.__name__].items() if key != "description"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": described}}}}


async def read(request: Request, decoder: Decoder[T]) -> T:
    """Return the body as what it has to be. Raises ``InvalidError``."""
    try:
        return decoder.decode(await request.body())
    except msgspec.ValidationError as error:
        raise InvalidError("body", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidError("body", f"is no JSON: {error}") from error
