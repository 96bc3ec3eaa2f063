"""The exceptions of sealgate."""

from __future__ import annotations

from typing import Any


class SealgateError(Exception):
    """What every exception here is: with a stable code, and a position where one is known."""

    #: A stable code, as the manual lists them for refusals.
    code: str
    #: ``{"line": …, "column": …}``, both from 1, or None.
    position: dict[str, int] | None

    def __init__(self, message: str, code: str, position: dict[str, int] | None = None) -> None:
        # All of them, so that the exception comes whole through pickle, as from a worker of Spark.
        super().__init__(message, code, position)
        self.code = code
        self.position = position

    def __str__(self) -> str:
        return self.args[0]


class ConfigurationError(SealgateError, ValueError):
    """A policy, trust or key that was named cannot be used."""

    #: The argument that named it.
    option: str

    def __init__(self, message: str, code: str, position: dict[str, int] | None, option: str) -> None:
        super().__init__(message, code, position)
        self.args = (message, code, position, option)
        self.option = option


class BatchError(SealgateError, ValueError):
    """A batch has no such column, or it holds neither bytes nor text."""


class Refused(SealgateError):
    """A message did not pass: see :func:`sealgate.require`."""

    #: Its whole result.
    result: dict[str, Any]

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(f"{result['code']}: {result['message']}", result["code"], result["position"])
        self.args = (result,)
        self.result = result

    def __str__(self) -> str:
        return f"{self.code}: {self.result['message']}"
