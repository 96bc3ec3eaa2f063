from collections.abc import Sequence
from datetime import datetime
from os import PathLike
from typing import Any, Protocol

import pyarrow

#: The names of policies that need no file.
PROFILES: tuple[str, ...]
__version__: str

_Path = str | PathLike[str]
_Paths = _Path | Sequence[_Path]

class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

class Verifier:
    """Judges messages by one policy, one trust and one time. Its files are read when it is made, and not again.

    It may be used from any number of threads, and judges without holding the GIL.
    """

    def __new__(
        cls,
        policy: _Path = "strict",
        *,
        at: str | datetime | None = None,
        legacy_before: Sequence[tuple[str, str | datetime]] | None = None,
        trust: _Paths | None = None,
        trust_during: Sequence[tuple[str, _Path]] | None = None,
        untrusted: _Paths | None = None,
        crl: _Paths | None = None,
        metadata: _Paths | None = None,
        metadata_signer: _Path | None = None,
        audience: str | None = None,
        recipient: str | None = None,
        request_id: str | None = None,
        resolve_id: str | None = None,
        allow_unsolicited: bool = False,
        key: _Paths | None = None,
        cert: _Paths | None = None,
        secret_keys: Sequence[_Path | tuple[str, _Path]] | None = None,
        password_file: _Path | None = None,
        user_hashes: _Path | None = None,
        user_secrets: _Path | None = None,
        user_secrets_key: _Path | None = None,
        roles: str | Sequence[str] | None = None,
        tls: bool = False,
        id_attributes: str | Sequence[str] | None = None,
        second_opinion: bool = False,
    ) -> Verifier:
        """Options are those of the command line, and mean the same.

        ``at`` is ``"now"`` (the default: when a message is judged), ``"message"`` (its own signed time), a time as RFC 3339 has it, or
        a datetime with its offset from UTC. ``legacy_before``, with ``at="message"`` alone, has old algorithms that the policy refuses and that are
        taken of messages signed before a time: ``("sha1", "2016-01-01T00:00:00Z")``. ``trust_during`` has periods as ``2019-01-01T00:00:00Z/2024-07-01T00:00:00Z``, where ``..``
        is no end, each with what is trusted then.

        :raises sealgate.ConfigurationError: something that was named cannot be used.
        """

    def verify(self, message: bytes | bytearray, *, source: str = "-") -> dict[str, Any]:
        """Judge one message; ``source`` is what its result calls it."""

    def verify_batch(
        self,
        batch: _ArrowArray,
        *,
        message: str = "message",
        source: str | None = None,
        objects: bool = False,
    ) -> pyarrow.RecordBatch:
        """Judge a column of messages, each as it is or in base64, without holding the GIL.

        ``batch`` is a record batch of any library that speaks the Arrow PyCapsule Interface, or an array of messages alone.
        ``message`` names the column of messages, and ``source`` one with what they are called; without it they are called by their
        number, from 1.

        A row a message comes back, in the same order and in the columns of ``results.parquet``, as ``sealgate batch verify`` writes it;
        with ``objects`` also ``result``, the line of ``results.jsonl``.

        :raises sealgate.BatchError: there is no such column, or it holds neither bytes nor text.
        """

    @property
    def policy(self) -> str:
        """The name of the policy."""

    @property
    def at(self) -> str:
        """As of when messages are judged, as it was asked."""
