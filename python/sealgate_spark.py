"""Judges an archive in Parquet on a cluster, with the results of ``sealgate batch verify``.

    spark-submit sealgate_spark.py ARCHIVE --out FOLDER --trust ca.pem --at message

ARCHIVE is a Parquet file, or a folder of them, wherever Spark can read. Into FOLDER come ``results.parquet`` and ``results.jsonl``,
each a folder of parts with the rows that ``sealgate batch verify ARCHIVE`` writes, in no order. The exit code is that of all
commands: 0 if everything passed, 1 if something was refused, 2 if the command is wrong, 3 if something could not be read.

The wheel ``sealgate`` has to be installed where Python runs on every node. The files that options name are read here, once, and
travel to the workers with the job; those of private keys too, so encrypt the traffic of a cluster that has them
(``spark.network.crypto.enabled``).

:func:`verify` is the same for a DataFrame of one's own.
"""

from __future__ import annotations

import argparse
import os
import posixpath
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import sealgate

#: The columns of results, as ``results.parquet`` has them, and the line of ``results.jsonl``.
RESULTS = (
    "source string, verdict string, stage string, code string, message string, line int, `column` int, kind string, "
    "judged_at string, signer string, signer_sha256 string, sha256 string, bytes bigint, legacy string, warnings string"
)
WITH_OBJECT = RESULTS + ", result string"
#: Messages that a worker has in memory at a time, unless spark.sql.execution.arrow.maxRecordsPerBatch is set.
MESSAGES = "256"
#: A longer name is none, as in ``batch verify``.
LONGEST_NAME = 4096
#: The options that name files, and those that name them in pairs: of a period or the name of a key, and a file.
FILES = "trust untrusted crl metadata metadata_signer key cert password_file user_hashes user_secrets user_secrets_key".split()
PAIRS = ("trust_during", "secret_keys")
#: So many messages a file may hold, and one more for each so many of its bytes, as in ``batch verify``.
FREE, BYTES_EACH = 100_000, 16


@dataclass(frozen=True)
class Packed:
    """A verifier's options with the files that they name, to be taken to another machine."""

    options: dict[str, Any]
    #: By the paths that the options have instead: bytes, and when they were written.
    files: dict[PurePosixPath, tuple[bytes, float]]

    @staticmethod
    def of(options: dict[str, Any]) -> Packed:
        """Read every file. Unusable ones are an error here, not on a worker."""
        options = {"at": "now"} | options
        if options["at"] == "now":
            options["at"] = datetime.now(timezone.utc)
        sealgate.Verifier(**options)
        files: dict[PurePosixPath, tuple[bytes, float]] = {}

        def pack(value: Any) -> Any:
            if value is None:
                return None
            if isinstance(value, (list, tuple)):
                return [pack(one) for one in value]
            path = Path(value)
            packed = PurePosixPath(str(len(files)), path.name)
            for file in path.iterdir() if path.is_dir() else [path]:
                if file.is_file():
                    name = packed / file.name if path.is_dir() else packed
                    files[name] = (file.read_bytes(), file.stat().st_mtime)
            return packed

        packed = dict(options)
        for name in FILES:
            packed[name] = pack(options.get(name))
        for name in PAIRS:
            pairs = options.get(name) or []
            packed[name] = [(pair[0], pack(pair[1])) if isinstance(pair, tuple) else pack(pair) for pair in pairs]
        policy = os.fspath(options.get("policy", "strict"))
        if policy not in sealgate.PROFILES:
            packed["policy"] = pack(policy)
        return Packed(packed, files)

    def verifier(self) -> sealgate.Verifier:
        """The verifier, from files that are gone when it has read them."""
        with tempfile.TemporaryDirectory(prefix="sealgate-") as folder:
            for name, (content, written) in self.files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                os.utime(path, (written, written))

            def unpack(value: Any) -> Any:
                if isinstance(value, PurePosixPath):
                    return Path(folder, value)
                if isinstance(value, tuple):
                    return (value[0], unpack(value[1]))
                if isinstance(value, list):
                    return [unpack(one) for one in value]
                return value

            return sealgate.Verifier(**{name: unpack(value) for name, value in self.options.items()})


def verify(frame: DataFrame, *, message: str = "message", source: str = "source", **options: Any) -> DataFrame:
    """Judge the messages in a column of ``frame``; ``source`` is the column with what they are called.

    The options are those of :class:`sealgate.Verifier`. A row a message comes out, with the columns of ``results.parquet`` and
    ``result``, the line of ``results.jsonl``. Every evaluation judges again: write the results before they are counted.
    """
    packed = Packed.of(options)

    def judge(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        verifier = packed.verifier()
        for batch in batches:
            yield verifier.verify_batch(batch, source="source", objects=True)

    # Bytes, so that what is no UTF-8 comes to be judged as it is.
    columns = frame.select(F.col(source).cast("string").alias("source"), F.col(message).cast("binary").alias("message"))
    return columns.mapInArrow(judge, WITH_OBJECT)


def archive(
    spark: SparkSession, path: str, *, message: str = "message", name: str | None = None
) -> DataFrame:
    """The messages of Parquet files, called as ``batch verify`` calls them: by the path as it was given here, and a row or name."""
    # A file that cannot be read fails the job: skipped, its messages would be lost without a word.
    reader = spark.read.option("ignoreCorruptFiles", False).option("ignoreMissingFiles", False)
    root = _decoded(_qualified(spark, path))
    row = F.col("_metadata.row_index") + 1
    called = row.cast("string")
    if name:
        given = F.col(name).cast("string")
        is_name = F.octet_length(given).between(1, LONGEST_NAME) & F.is_valid_utf8(given)
        called = F.when(is_name, given).otherwise(called)
    frame = reader.parquet(path).select(
        F.col("_metadata.file_path").alias("file"),
        F.col("_metadata.file_size").alias("length"),
        row.alias("row"),
        called.alias("name"),
        F.col(message).cast("binary").alias("message"),
    )
    # Where a name is there again it is told apart. This reads the names alone, and keeps those that are there twice.
    if name:
        grouped = frame.groupBy("file", "name").agg(F.min("row").alias("first"), F.count("*").alias("count"))
        frame = frame.join(F.broadcast(grouped.where("count > 1").drop("count")), ["file", "name"], "left")
    else:
        frame = frame.withColumn("first", F.lit(None).cast("bigint"))

    def named(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            columns = (batch[column].to_pylist() for column in ("file", "length", "row", "name", "first"))
            sources = [_source(path, root, *of) for of in zip(*columns)]
            yield pa.record_batch([pa.array(sources, pa.string()), batch["message"]], ["source", "message"])

    return frame.mapInArrow(named, "source string, message binary")


def _qualified(spark: SparkSession, path: str) -> str:
    jvm = spark.sparkContext._jvm
    hadoop = jvm.org.apache.hadoop.fs.Path(path)
    system = hadoop.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    return system.makeQualified(hadoop).toUri().toString()


def _decoded(uri: str) -> str:
    return unquote(urlsplit(uri).path)


def _source(typed: str, root: str, file: str, length: int, row: int, name: str, first: int | None) -> str:
    below = posixpath.relpath(_decoded(file), root)
    path = typed if below == "." else posixpath.join(typed, below)
    most = FREE + length // BYTES_EACH
    if row > most:
        raise ValueError(f"limit.archive: {path} holds more than {most} messages, which its bytes do not explain")
    if (first is not None and first < row) or re.search(r"#[0-9]+\Z", name):
        return f"{path}#{name}#{row}"
    return f"{path}#{name}"


def run(spark: SparkSession, path: str, out: str, *, message: str, name: str | None, **options: Any) -> int:
    """Judge ``path``, write results into ``out``, print what came out, and give the exit code."""
    judged = f"{out}/judged"
    messages = archive(spark, path, message=message, name=name)
    verify(messages, **options).write.mode("overwrite").parquet(judged)
    results = spark.read.schema(WITH_OBJECT).parquet(judged)
    results.drop("result").write.mode("overwrite").parquet(f"{out}/results.parquet")
    results.select("result").write.mode("overwrite").text(f"{out}/results.jsonl")
    causes = results.groupBy("verdict", "stage", "code").agg(F.count("*").alias("count"), F.min("source").alias("example"))
    rows = sorted(causes.collect(), key=lambda row: (-row["count"], row["code"] or ""))
    _remove(spark, judged)
    counts = {verdict: sum(row["count"] for row in rows if row["verdict"] == verdict) for verdict in VERDICTS}
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    print(f"{sum(counts.values())} messages: {told}")
    refused = [row for row in rows if row["verdict"] != "passed"]
    for row in refused:
        print(f"  {row['count']:>9}  {row['code']}  as {row['example']!r}")
    if any(row["stage"] is None for row in refused):
        return 3
    return 1 if refused else 0


VERDICTS = ("passed", "failed", "indeterminate")


def _remove(spark: SparkSession, path: str) -> None:
    hadoop = spark.sparkContext._jvm.org.apache.hadoop.fs.Path(path)
    hadoop.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()).delete(hadoop, True)


def arguments(typed: list[str] | None = None) -> argparse.Namespace:
    """The command line, whose options are those of ``sealgate batch verify``."""
    parser = argparse.ArgumentParser(prog="sealgate_spark.py", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("archive", help="a Parquet file, or a folder of them")
    parser.add_argument("--out", required=True, help="where results are written")
    parser.add_argument("--column", dest="message", default="message", help="the column of messages")
    parser.add_argument("--name-column", dest="name", help="the column by which messages are called")
    parser.add_argument("--policy", default="strict")
    parser.add_argument("--at", default="now")
    for option in ("trust", "untrusted", "crl", "metadata", "key", "cert"):
        parser.add_argument(f"--{option}", action="append", metavar="PATH")
    parser.add_argument("--trust-during", action="append", type=_during, metavar="FROM/UNTIL=PATH")
    parser.add_argument("--secret-key", dest="secret_keys", action="append", type=_secret_key, metavar="[NAME=]FILE")
    for option in ("metadata-signer", "password-file", "user-hashes", "user-secrets", "user-secrets-key"):
        parser.add_argument(f"--{option}", metavar="PATH")
    for option in ("audience", "recipient", "request-id", "resolve-id"):
        parser.add_argument(f"--{option}")
    parser.add_argument("--role", dest="roles", action="append", metavar="URI")
    parser.add_argument("--id-attr", dest="id_attributes", action="append", metavar="NAME")
    for option in ("allow-unsolicited", "tls", "second-opinion"):
        parser.add_argument(f"--{option}", action="store_true")
    return parser.parse_args(typed)


def _during(typed: str) -> tuple[str, str]:
    period, equals, path = typed.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("not of the form FROM/UNTIL=PATH")
    return (period, path)


def _secret_key(typed: str) -> str | tuple[str, str]:
    name, equals, file = typed.partition("=")
    if not equals:
        return typed
    return (name, file) if name else file


def main(typed: list[str] | None = None) -> int:
    """The command."""
    options = vars(arguments(typed))
    spark = SparkSession.builder.appName("sealgate").getOrCreate()
    limit = "spark.sql.execution.arrow.maxRecordsPerBatch"
    if spark.sparkContext.getConf().get(limit) is None:
        spark.conf.set(limit, MESSAGES)
    try:
        return run(spark, options.pop("archive"), options.pop("out"), **options)
    except sealgate.ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
