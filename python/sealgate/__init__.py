"""Verifies SOAP messages, XML signatures and SAML assertions.

>>> import sealgate
>>> result = sealgate.verify(b"<a/>", "strict")
>>> result["verdict"], result["code"]
('failed', 'dsig.missing')

A :class:`Verifier` reads its files once; make one for more than one message. Nothing here raises because a message is bad: its
result says so, and :func:`require` raises for those who want that.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ._errors import BatchError, ConfigurationError, Refused, SealgateError
from ._sealgate import PROFILES, Verifier, __version__

if TYPE_CHECKING:
    import pyarrow

__all__ = [
    "PROFILES",
    "BatchError",
    "ConfigurationError",
    "Refused",
    "SealgateError",
    "Verifier",
    "__version__",
    "require",
    "verify",
    "verify_batch",
]


def verify(message: bytes, policy: str | os.PathLike[str] = "strict", **options: Any) -> dict[str, Any]:
    """Judge one message: SOAP, SAML or other XML with signatures, recognised by itself.

    ``policy`` is the name of a profile (one of ``PROFILES``, as ``strict`` or ``archive-verify``) or the path of a TOML file. The options are those of :class:`Verifier`; without ``trust`` or ``metadata`` nobody is trusted and no signature passes.

    The result is the object that ``sealgate verify --format json`` prints, as a dict: ``verdict`` is ``passed``, ``failed`` or
    ``indeterminate``, and ``stage``, ``code``, ``message`` and ``position`` say why.

    :raises ConfigurationError: the policy, or a file that an option names, cannot be used.
    """
    return Verifier(policy, **options).verify(message)


def verify_batch(
    batch: Any,
    policy: str | os.PathLike[str] = "strict",
    *,
    message: str = "message",
    source: str | None = None,
    objects: bool = False,
    **options: Any,
) -> pyarrow.RecordBatch:
    """Judge a column of messages: see :meth:`Verifier.verify_batch`."""
    verifier = Verifier(policy, **options)
    return verifier.verify_batch(batch, message=message, source=source, objects=objects)


def require(result: dict[str, Any]) -> dict[str, Any]:
    """Give ``result`` back if its message passed.

    :raises Refused: it did not, or was not judged to its end.
    """
    if result.get("verdict") != "passed":
        raise Refused(result)
    return result
