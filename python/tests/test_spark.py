"""Spark on a cluster of two executors says what the command says, also after one of them is killed."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyspark

# A cluster needs to know where Spark is, and on this machine alone.
os.environ["SPARK_HOME"] = os.path.dirname(pyspark.__file__)
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
os.environ["SPARK_LOCAL_HOSTNAME"] = "localhost"
os.environ["PYSPARK_PYTHON"] = sys.executable

from pyspark.sql import SparkSession

import sealgate
import sealgate_spark
from world import World, rows

MESSAGES = int(os.environ.get("SEALGATE_SPARK_MESSAGES", "4000"))
PARTS = 16


class Cluster(unittest.TestCase):
    """One archive and one cluster for all."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory()
        cls.world = World(Path(cls.folder.name), MESSAGES)
        cls.world.write_parquet("archive in parquet", PARTS)
        os.chdir(cls.folder.name)
        begun = time.monotonic()
        cls.expected = cls.world.batch_verify("archive in parquet", "one", "--name-column", "name")
        cls.one = time.monotonic() - begun
        builder = SparkSession.builder.master("local-cluster[2,1,1024]").config("spark.ui.enabled", False)
        # A task for each file, so that some are left when an executor dies.
        builder = builder.config("spark.sql.files.openCostInBytes", 1 << 30)
        cls.spark = builder.config("spark.driver.host", "localhost").getOrCreate()
        cls.spark.sparkContext.setLogLevel("OFF")
        cls.spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", 64)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.spark.stop()
        os.chdir("/")
        cls.folder.cleanup()

    def run_on_cluster(self, out: str, name: str | None = "name") -> str:
        """What is printed."""
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            code = sealgate_spark.run(
                self.spark, "archive in parquet", out, message="message", name=name, **self.world.options
            )
        self.assertEqual(code, 1)
        return told.getvalue()

    def check(self, out: str) -> None:
        """The same results as on one machine."""
        found = pq.read_table(Path(out, "results.parquet"))
        self.assertEqual(
            [(field.name, field.type) for field in found.schema],
            [(field.name, field.type) for field in self.expected.schema],
        )
        self.assertEqual(rows(found), rows(self.expected))
        self.assertEqual(found.num_rows, MESSAGES)
        self.assertEqual(self.world.lines(out), self.world.lines("one"))
        self.assertFalse(Path(out, "judged").exists())

    def test_rows_are_those_of_one_machine(self) -> None:
        begun = time.monotonic()
        told = self.run_on_cluster("cluster")
        took = time.monotonic() - begun
        self.check("cluster")
        self.assertTrue(told.startswith(f"{MESSAGES} messages: "), told)
        self.assertIn("dsig.digest_mismatch", told)
        print(f"\n{MESSAGES} messages: {took:.1f} s on two executors, {self.one:.1f} s by batch verify on one machine")

    def test_messages_are_called_by_their_rows_without_names(self) -> None:
        self.run_on_cluster("rows", None)
        found = rows(pq.read_table("rows/results.parquet"))
        self.assertEqual(found, rows(self.world.batch_verify("archive in parquet", "one by rows")))

    def test_rows_are_the_same_after_an_executor_was_killed(self) -> None:
        killed: list[int] = []
        lost: list[int] = []

        def kill() -> None:
            tracker = self.spark.sparkContext.statusTracker()
            while not killed:
                stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
                if any(stage and 1 < stage.numCompletedTasks < PARTS - 4 and stage.numTasks == PARTS for stage in stages):
                    victim = executors()[0]
                    os.kill(victim, signal.SIGKILL)
                    killed.append(victim)
                time.sleep(0.02)
            while thread.is_alive() and not lost:
                stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
                lost.extend(stage.numFailedTasks for stage in stages if stage and stage.numFailedTasks)
                time.sleep(0.02)

        before = executors()
        self.assertEqual(len(before), 2)
        thread = threading.Thread(target=lambda: self.run_on_cluster("killed"))
        killer = threading.Thread(target=kill, daemon=True)
        thread.start()
        killer.start()
        thread.join()
        killer.join(10)
        self.assertEqual(len(killed), 1, "the job was over before an executor could be killed")
        self.assertIn(killed[0], before)
        self.assertNotIn(killed[0], executors())
        self.assertTrue(lost, "no task was under way on it")
        self.check("killed")

    def test_messages_of_one_name_are_told_apart_as_on_one_machine(self) -> None:
        names = ["a", "b", "a", "a#3", None, "5", "", "a", "b#", "ü" * 2048, "ü" * 2049, "8\n", "c#8\n", "13"]
        Path("names").mkdir()
        for part in range(2):
            table = pa.table({"name": names, "message": [b"<a/>"] * len(names)})
            pq.write_table(table, f"names/{part}.parquet", row_group_size=3)
        expected = rows(self.world.batch_verify("names", "names one", "--name-column", "name"))
        self.assertIn("names/0.parquet#a#3", [row["source"] for row in expected])
        sealgate_spark.run(self.spark, "names", "names cluster", message="message", name="name", **self.world.options)
        self.assertEqual(rows(pq.read_table("names cluster/results.parquet")), expected)

    def test_a_file_of_more_messages_than_its_bytes_explain_fails_the_job(self) -> None:
        pq.write_table(pa.table({"message": pa.nulls(150_000, pa.binary())}), "nothing.parquet")
        with self.assertRaisesRegex(Exception, "limit.archive"):
            sealgate_spark.run(self.spark, "nothing.parquet", "nothing", message="message", name=None, **self.world.options)

    def test_what_cannot_be_used_is_said_before_the_job(self) -> None:
        with self.assertRaises(sealgate.ConfigurationError):
            sealgate_spark.run(self.spark, "archive in parquet", "none", message="message", name=None, trust="missing.pem")
        self.assertFalse(Path("none").exists())

    def test_a_file_that_is_damaged_fails_the_job(self) -> None:
        self.world.write_parquet("damaged", 2)
        path = sorted(Path("damaged").iterdir())[1]
        path.write_bytes(path.read_bytes()[:-100])
        self.spark.conf.set("spark.sql.files.ignoreCorruptFiles", True)
        with self.assertRaises(Exception):
            sealgate_spark.run(self.spark, "damaged", "lost", message="message", name=None, **self.world.options)
        self.spark.conf.set("spark.sql.files.ignoreCorruptFiles", False)


def executors() -> list[int]:
    """The processes of our executors, which are below this one."""
    children: dict[int, list[int]] = {}
    found = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError):
            parent = int(Path("/proc", entry, "stat").read_text().rsplit(")", 1)[1].split()[1])
            children.setdefault(parent, []).append(int(entry))
    waiting = [os.getpid()]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        with contextlib.suppress(OSError):
            command = Path("/proc", str(pid), "cmdline").read_bytes().split(b"\0")
            if command[0].endswith(b"java") and any(part.endswith(b"CoarseGrainedExecutorBackend") for part in command):
                found.append(pid)
    return sorted(found)


if __name__ == "__main__":
    unittest.main()
