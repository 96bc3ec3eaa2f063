"""An archive that ``sealgate demo --archive`` made, its results, and the same archive in Parquet."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SEALGATE = os.environ["SEALGATE"]


class World:
    """Messages, what must come out, and what to judge them by."""

    def __init__(self, folder: Path, messages: int) -> None:
        self.folder = folder
        subprocess.run([SEALGATE, "demo", "--archive", str(messages), folder], check=True, stdout=subprocess.DEVNULL)
        keys = folder / "keys"
        self.options: dict[str, Any] = {
            "at": "message",
            "trust": keys / "ca.pem",
            "metadata": keys / "idp-metadata.xml",
            "audience": "https://orders.example/",
            "recipient": "https://orders.example/orders",
            "allow_unsolicited": True,
            "key": keys / "gateway.key.pem",
            "cert": keys / "gateway.pem",
        }
        with open(folder / "expected.csv", newline="") as expected:
            lines = list(csv.reader(expected))[1:]
        #: By their names: verdict and code.
        self.expected = {name: (verdict, code or None) for name, verdict, code in (line[:3] for line in lines)}

    def message(self, name: str) -> bytes:
        """The bytes of a message."""
        return (self.folder / "archive" / name).read_bytes()

    def arguments(self) -> list[str]:
        """The options of the command line."""
        typed = []
        for name, value in self.options.items():
            typed.append(f"--{name.replace('_', '-')}")
            if value is not True:
                typed.append(str(value))
        return typed

    def write_parquet(self, path: str, parts: int) -> None:
        """The messages as Parquet, in a folder of so many files."""
        names = sorted(self.expected)
        folder = self.folder / path
        folder.mkdir(parents=True)
        size = -(-len(names) // parts)
        for part in range(parts):
            chosen = names[part * size : (part + 1) * size]
            columns = {"name": chosen, "message": [self.message(name) for name in chosen]}
            # As batch verify reads it: bytes, compressed by Snappy.
            schema = pa.schema([("name", pa.string()), ("message", pa.binary())])
            pq.write_table(pa.table(columns, schema), folder / f"{part:03} of %41.parquet", row_group_size=50)

    def batch_verify(self, source: str, out: str, *further: str) -> pa.Table:
        """What ``sealgate batch verify`` says."""
        command = [SEALGATE, "batch", "verify", *self.arguments(), *further, "--out", out, source]
        ended = subprocess.run(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert ended.returncode == 1, ended.stderr
        return pq.read_table(self.folder / out / "results.parquet")

    def lines(self, out: str) -> dict[str, Any]:
        """The objects of ``results.jsonl``, which is a file or a folder of parts, by their sources."""
        path = self.folder / out / "results.jsonl"
        parts = [path] if path.is_file() else sorted(path.glob("part-*"))
        objects = [json.loads(line) for part in parts for line in part.read_text().splitlines()]
        found = {found["source"]: found for found in objects}
        assert len(found) == len(objects), "a message is there twice"
        return found


def rows(table: pa.Table) -> list[dict[str, Any]]:
    """The rows in the order of their sources."""
    return sorted(table.to_pylist(), key=lambda row: row["source"])
