"""The wheel, installed: results, batches, exceptions, and that other threads go on."""

from __future__ import annotations

import json
import pickle
import tempfile
import threading
import time
import unittest
from datetime import datetime, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import sealgate
from world import World, rows


class Wheel(unittest.TestCase):
    """One archive for all."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory()
        cls.world = World(Path(cls.folder.name), 200)
        cls.verifier = sealgate.Verifier("strict", **cls.world.options)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def test_every_message_comes_out_as_it_was_made(self) -> None:
        for name, expected in self.world.expected.items():
            result = self.verifier.verify(self.world.message(name), source=name)
            self.assertEqual((result["verdict"], result["code"]), expected, name)
            self.assertEqual(result["source"], name)

    def test_batches_have_the_columns_and_rows_of_the_command(self) -> None:
        self.world.write_parquet("parquet", 3)
        expected = self.world.batch_verify("parquet", "out", "--name-column", "name")
        lines = self.world.lines("out")
        found = []
        for path in sorted((self.world.folder / "parquet").iterdir()):
            prefix = path.relative_to(self.world.folder)
            for batch in pq.ParquetFile(path).iter_batches():
                sources = [f"{prefix}#{name}" for name in batch["name"].to_pylist()]
                batch = batch.append_column("source", pa.array(sources))
                results = self.verifier.verify_batch(batch, source="source", objects=True)
                self.assertIsInstance(results, pa.RecordBatch)
                for row in results.to_pylist():
                    self.assertEqual(json.loads(row["result"]), lines[row["source"]])
                found.append(results.drop_columns(["result"]))
        table = pa.Table.from_batches(found)
        self.assertEqual(table.schema, expected.schema.remove_metadata())
        self.assertEqual(rows(table), rows(expected))
        self.assertEqual(table.num_rows, 200)

    def test_messages_come_in_every_type_of_bytes_and_text(self) -> None:
        name = next(name for name, (verdict, _) in self.world.expected.items() if verdict == "passed")
        message = self.world.message(name)
        for kind in (pa.binary(), pa.large_binary(), pa.binary_view(), pa.string(), pa.large_string(), pa.string_view()):
            value = message.decode() if "string" in str(kind) else message
            results = self.verifier.verify_batch(pa.array([value, None, value], kind))
            self.assertEqual(results["verdict"].to_pylist(), ["passed", "indeterminate", "passed"], kind)
            self.assertEqual(results["code"].to_pylist(), [None, "input.unreadable", None])
            self.assertEqual(results["source"].to_pylist(), ["1", "2", "3"])
        sliced = pa.array([b"<a/>", message, b""]).slice(1, 1)
        self.assertEqual(self.verifier.verify_batch(sliced)["verdict"].to_pylist(), ["passed"])
        self.assertEqual(self.verifier.verify_batch(pa.array([], pa.binary())).num_rows, 0)

    def test_other_threads_go_on(self) -> None:
        batch = pa.array([self.world.message(name) for name in self.world.expected] * 10)
        times: list[float] = []

        def judge() -> None:
            times.append(time.monotonic())
            self.verifier.verify_batch(batch)
            times.append(time.monotonic())

        thread = threading.Thread(target=judge)
        ticks = []
        thread.start()
        while thread.is_alive():
            ticks.append(time.monotonic())
            time.sleep(0.001)
        begun, ended = times
        within = [tick for tick in ticks if begun < tick < ended]
        # With the lock held there is none from the beginning of the judgement to its end.
        self.assertGreater(len(within), 20, f"in {ended - begun} s")
        self.assertGreater(within[-1] - within[0], (ended - begun) / 2)

    def test_errors_have_code_and_position(self) -> None:
        result = self.verifier.verify(b"<a>\n<b></a>")
        self.assertEqual((result["code"], result["position"]["line"]), ("xml.mismatched_tag", 2))
        with self.assertRaises(sealgate.Refused) as raised:
            sealgate.require(result)
        self.assertEqual(raised.exception.code, "xml.mismatched_tag")
        self.assertEqual(raised.exception.position, result["position"])
        self.assertEqual(raised.exception.result, result)
        passed = {"verdict": "passed"}
        self.assertIs(sealgate.require(passed), passed)

        policy = self.world.folder / "policy.toml"
        policy.write_text('name = "mine"\nnothing = 1\n')
        with self.assertRaises(sealgate.ConfigurationError) as raised:
            sealgate.verify(b"<a/>", policy)
        error = raised.exception
        self.assertEqual((error.code, error.option), ("configuration.unusable", "policy"))
        self.assertEqual(error.position, {"line": 2, "column": 1})
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual((again.code, again.position, again.option, str(again)), (error.code, error.position, "policy", str(error)))

        metadata = self.world.folder / "metadata.xml"
        metadata.write_text("<md:EntityDescriptor/>")
        with self.assertRaises(sealgate.ConfigurationError) as raised:
            sealgate.Verifier(metadata=metadata)
        self.assertEqual(raised.exception.code, "xml.unbound_prefix")
        for options in ({"trust": "missing.pem"}, {"policy": "lenient"}, {"key": [1]}, {"at": "yesterday"}):
            with self.assertRaises((sealgate.ConfigurationError, TypeError, ValueError)):
                sealgate.Verifier(**options)

        numbers = pa.record_batch({"message": [1], "other": ["<a/>"]})
        for column, code in (("message", "input.column_type"), ("missing", "input.no_column")):
            with self.assertRaises(sealgate.BatchError) as raised:
                self.verifier.verify_batch(numbers, message=column)
            self.assertEqual(raised.exception.code, code)
        with self.assertRaises(TypeError):
            self.verifier.verify_batch([b"<a/>"])
        # Text that is none, as a file from elsewhere may have it, is not taken for text.
        broken = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")])
        with self.assertRaises(sealgate.BatchError):
            self.verifier.verify_batch(broken)

    def test_nobody_is_trusted_unless_named(self) -> None:
        name = next(name for name, (verdict, _) in self.world.expected.items() if verdict == "passed")
        result = sealgate.verify(self.world.message(name), "strict", at="message")
        self.assertEqual(result["code"], "trust.no_anchor")
        self.assertEqual(sealgate.verify(self.world.message(name), **self.world.options)["verdict"], "passed")
        then = datetime(2000, 1, 1, tzinfo=timezone.utc)
        options = self.world.options | {"at": then}
        self.assertIn("archive-verify", sealgate.PROFILES)
        self.assertEqual(sealgate.Verifier(**options).at, "2000-01-01T00:00:00Z")
        self.assertNotEqual(sealgate.verify(self.world.message(name), **options)["verdict"], "passed")

    def test_a_ca_may_be_trusted_during_a_period(self) -> None:
        name = next(name for name, (verdict, _) in self.world.expected.items() if verdict == "passed")
        options = dict(self.world.options)
        ca = options.pop("trust")
        for period, verdict in (("../..", "passed"), ("../2001-01-01T00:00:00Z", "failed")):
            result = sealgate.verify(self.world.message(name), trust_during=[(period, ca)], **options)
            self.assertEqual(result["verdict"], verdict, result)
        self.assertEqual(result["code"], "trust.not_trusted_then")
        for period in ("2001", "2001-01-01T00:00:00Z/2000-01-01T00:00:00Z"):
            with self.assertRaises(ValueError):
                sealgate.Verifier(trust_during=[(period, ca)])

    def test_old_algorithms_are_taken_of_messages_of_their_time(self) -> None:
        archive = Path(__file__).parents[2] / "fixtures" / "archive"
        options = {"trust": archive / "keys" / "ca.pem", "crl": archive / "published", "policy": "bsp11", "at": "message"}
        names = ("sha1", "rsa-sha1", "certificate-sha1")
        before = {year: [(name, datetime(year, 1, 1, tzinfo=timezone.utc)) for name in names] for year in (2010, 2016)}
        written = [(name, "2016-01-01T00:00:00Z") for name in names]

        def judged(message: str, **further: object) -> tuple[str, str | None, list[str], bool]:
            result = sealgate.verify((archive / "messages" / f"{message}.xml").read_bytes(), **options, **further)
            return result["verdict"], result["code"], result["legacy"], "legacy_by_age" in result.get("warnings", [])

        refused = ("failed", "dsig.algorithm_not_permitted", [], False)
        self.assertEqual(judged("sha1"), refused)
        self.assertEqual(judged("sha1", legacy_before=before[2010]), refused)
        for dated in (before[2016], written):
            verdict, code, legacy, is_by_age = judged("sha1", legacy_before=dated)
            self.assertEqual((verdict, code, is_by_age), ("passed", None, True))
            self.assertIn("sha1", legacy)
        self.assertEqual(judged("sha1-late", legacy_before=written), refused)
        with self.assertRaises(sealgate.ConfigurationError) as raised:
            sealgate.Verifier(legacy_before=written)
        self.assertEqual(raised.exception.option, "legacy_before")
        for wrong in ("sha1", ""), ("sha1", "2016"), ("sha1", datetime(2016, 1, 1)), ("md5", "2016-01-01T00:00:00Z"):
            with self.assertRaises(ValueError):
                sealgate.Verifier(at="message", legacy_before=[wrong])


if __name__ == "__main__":
    unittest.main()
