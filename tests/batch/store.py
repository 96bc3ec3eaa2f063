"""Archives in an object store that speaks S3, over HTTP: moto in server mode."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import threading
import time
import unittest
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[2] / "python" / "tests"))
from world import SEALGATE, World, rows

MESSAGES = 60
BUCKET = "archive-of-2019"


class Store(unittest.TestCase):
    """One server and one archive for all."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = TemporaryDirectory()
        cls.world = World(Path(cls.folder.name), MESSAGES)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        cls.endpoint = f"http://127.0.0.1:{port}"
        command = [Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
        cls.server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                urllib.request.urlopen(cls.endpoint, timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        os.environ |= {
            "AWS_ACCESS_KEY_ID": "ours",
            "AWS_SECRET_ACCESS_KEY": "secret of ours",
            "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": cls.endpoint,
        }
        cls.s3 = boto3.client("s3", region_name="eu-central-1", endpoint_url=cls.endpoint)
        cls.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        for name in cls.world.expected:
            cls.put(f"files/{name}", cls.world.message(name))
        cls.put("containers/messages.tar", cls.tar())
        cls.put("containers/messages.zip", cls.zip())
        cls.put("containers/messages.parquet", cls.parquet())

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.kill()
        cls.server.wait()
        cls.folder.cleanup()

    @classmethod
    def put(cls, key: str, content: bytes) -> None:
        cls.s3.put_object(Bucket=BUCKET, Key=key, Body=content)

    @classmethod
    def tar(cls) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            for name in cls.world.expected:
                entry = tarfile.TarInfo(name)
                entry.size = len(cls.world.message(name))
                archive.addfile(entry, io.BytesIO(cls.world.message(name)))
        return out.getvalue()

    @classmethod
    def zip(cls) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in cls.world.expected:
                archive.writestr(name, cls.world.message(name))
        return out.getvalue()

    @classmethod
    def parquet(cls) -> bytes:
        out = io.BytesIO()
        names = list(cls.world.expected)
        pq.write_table(pa.table({"name": names, "message": [cls.world.message(name) for name in names]}), out)
        return out.getvalue()

    def command(self, source: str, out: str) -> list[str]:
        return [SEALGATE, "batch", "verify", *self.world.arguments(), "--out", out, source]

    def verify(self, source: str, out: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [*self.command(source, out), *options]
        return subprocess.run(command, cwd=self.folder.name, capture_output=True, text=True, env=os.environ | environment)

    def found(self, out: str) -> list[dict[str, object]]:
        return rows(pq.read_table(Path(self.folder.name, out, "results.parquet")))

    def test_objects_come_out_as_they_were_made(self) -> None:
        ended = self.verify(f"s3://{BUCKET}/files", "files", "--threads", "4")
        self.assertEqual(ended.returncode, 1, ended.stderr)
        found = {row["source"]: (row["verdict"], row["code"]) for row in self.found("files")}
        expected = {f"s3://{BUCKET}/files/{name}": judged for name, judged in self.world.expected.items()}
        self.assertEqual(found, expected)
        one = Path(self.folder.name, "files", "results.jsonl").read_bytes()
        self.verify(f"s3://{BUCKET}/files/", "again", "--threads", "1")
        self.assertEqual(Path(self.folder.name, "again", "results.jsonl").read_bytes(), one)

    def test_containers_are_read_in_the_store(self) -> None:
        for end, separator, options in (("tar", "!", ()), ("zip", "!", ()), ("parquet", "#", ("--name-column", "name"))):
            source = f"s3://{BUCKET}/containers/messages.{end}"
            ended = self.verify(source, end, *options)
            self.assertEqual(ended.returncode, 1, ended.stderr)
            found = {row["source"]: (row["verdict"], row["code"]) for row in self.found(end)}
            expected = {f"{source}{separator}{name}": judged for name, judged in self.world.expected.items()}
            self.assertEqual(found, expected)

    def test_an_object_whose_name_says_nothing_is_what_its_first_bytes_say(self) -> None:
        name = next(iter(self.world.expected))
        contents = {
            "2017": gzip.compress(self.world.message(name)),
            "2018": self.tar(),
            "2018.bak": gzip.compress(self.tar()),
            "2019": self.zip(),
            "2020": self.parquet(),
            "2021": self.world.message(name),
            "2022": b"<a/>",
            "2023.old": b"\xfd7zXZ\0" + bytes(600),
        }
        for key, content in contents.items():
            self.put(f"unnamed/{key}", content)
        prefix = f"s3://{BUCKET}/unnamed"
        self.verify(prefix, "unnamed", "--name-column", "name")
        found = {row["source"]: (row["verdict"], row["code"]) for row in self.found("unnamed")}
        expected = {f"{prefix}/{key}": self.world.expected[name] for key in ("2017", "2021")}
        for key in ("2018!", "2018.bak!", "2019!", "2020#"):
            expected |= {f"{prefix}/{key}{name}": judged for name, judged in self.world.expected.items()}
        expected[f"{prefix}/2022"] = ("failed", "dsig.missing")
        expected[f"{prefix}/2023.old"] = ("indeterminate", "input.unreadable")
        self.assertEqual(found, expected)
        self.verify(f"{prefix}/2018", "unnamed alone")
        self.assertEqual(len(self.found("unnamed alone")), MESSAGES)

    def test_no_byte_of_an_object_is_fetched_twice(self) -> None:
        long = b"<a>" + b"x" * 993 + b"</a>"
        contents = {"1": long, "2": b"<a/>", "3.xml": long}
        asked: list[tuple[str, str | None]] = []

        def answer(path: str, query: str) -> tuple[int, bytes, dict[str, str]]:
            sizes = {name: len(content) for name, content in contents.items()}
            return (200, listed(*contents, sizes=sizes), {}) if query else (200, contents[path.rsplit("/")[-1]], {"ETag": '"1"'})

        with strange(answer, asked) as endpoint:
            self.verify("s3://bucket/x/", "once", AWS_ENDPOINT_URL=endpoint)
        expected = [("1", "bytes=0-511"), ("1", "bytes=512-"), ("2", "bytes=0-3"), ("3.xml", None)]
        self.assertEqual(sorted(asked, key=str), expected)
        digests = [row["sha256"] for row in self.found("once")]
        self.assertEqual(digests, [hashlib.sha256(content).hexdigest() for content in contents.values()])

    def test_a_job_goes_on_and_sees_what_has_changed(self) -> None:
        for name in ("1.xml", "2.xml", "3.xml"):
            self.put(f"changing/{name}", b"<a/>")
        self.verify(f"s3://{BUCKET}/changing", "changing")
        before = self.found("changing")
        journal = Path(self.folder.name, "changing", "journal.jsonl")
        written = journal.read_bytes()
        self.verify(f"s3://{BUCKET}/changing", "changing")
        self.assertEqual(journal.read_bytes(), written)
        # As long as before, within the same second.
        self.put("changing/2.xml", b"<b/>")
        self.verify(f"s3://{BUCKET}/changing", "changing")
        after = self.found("changing")
        self.assertEqual([row["sha256"] for row in before][::2], [row["sha256"] for row in after][::2])
        self.assertNotEqual(before[1]["sha256"], after[1]["sha256"])

    def test_memory_does_not_grow_with_an_object(self) -> None:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            for number in range(100):
                entry = tarfile.TarInfo(f"{number}.xml")
                entry.size = 2_000_000
                archive.addfile(entry, io.BytesIO(b"<a>" + b" " * 1_999_993 + b"</a>"))
        self.put("long/200-megabytes.tar", out.getvalue())
        self.put("long/message.xml", b" " * 200_000_000)
        typed = [*self.command(f"s3://{BUCKET}/long", "long"), "--threads", "2"]
        most = 0
        with subprocess.Popen(typed, cwd=self.folder.name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None:
                status = Path("/proc", str(process.pid), "status").read_text()
                most = max([most, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))])
                time.sleep(0.02)
        self.assertEqual(process.returncode, 1)
        self.assertGreater(most, 0)
        # Messages of 64 MiB may be under way, and what is made of those that are being judged.
        self.assertLess(most, 160 << 10, "KiB")
        codes = [row["code"] for row in self.found("long")]
        self.assertEqual(sorted(set(codes)), ["dsig.missing", "limit.bytes"])
        self.assertEqual(len(codes), 101)

    def test_what_is_not_there_cannot_be_read(self) -> None:
        for source in (f"s3://{BUCKET}/nothing", "s3://no-such-bucket/files", "s3://"):
            ended = self.verify(source, f"missing {source.count('/')}{len(source)}")
            self.assertEqual(ended.returncode, 3, ended.stdout + ended.stderr)
            self.assertIn("input.unreadable", ended.stdout)

    def test_nothing_is_asked_in_the_clear_but_on_the_loopback(self) -> None:
        for endpoint in ("http://192.0.2.1:9000", self.endpoint.replace("127.0.0.1", "localhost")):
            ended = self.verify(f"s3://{BUCKET}/files", f"clear {len(endpoint)}", AWS_ENDPOINT_URL=endpoint, AWS_ALLOW_HTTP="true")
            self.assertEqual(ended.returncode, 3, ended.stdout + ended.stderr)
            self.assertIn("by https, or at an IP address of the loopback", ended.stdout)

    def test_a_folder_made_by_hand_is_no_message(self) -> None:
        for key in ("folders/", "folders/a/", "folders/a/1.xml", "folders/empty"):
            self.put(key, b"<a/>" if key.endswith("1.xml") else b"")
        self.verify(f"s3://{BUCKET}/folders", "folders")
        sources = [row["source"] for row in self.found("folders")]
        self.assertEqual(sources, [f"s3://{BUCKET}/folders/a/1.xml", f"s3://{BUCKET}/folders/empty"])

    def told(self, source: str, endpoint: str) -> list[str]:
        """What is said of each message, by one who must not say how he is known to the store."""
        out = f"told {urllib.parse.quote(source, '')} {endpoint[-5:]}"
        secrets = {"AWS_ACCESS_KEY_ID": "AKIA234567ABCDEF2345", "AWS_SECRET_ACCESS_KEY": "our7secret", "AWS_SESSION_TOKEN": "our7session"}
        ended = self.verify(source, out, AWS_ENDPOINT_URL=endpoint, RUST_LOG="trace", **secrets)
        everything = [path.read_bytes() for path in Path(self.folder.name, out).iterdir()]
        everything += [ended.stdout.encode(), ended.stderr.encode()]
        for secret in secrets.values():
            self.assertFalse(any(secret.encode() in part for part in everything), secret)
        lines = Path(self.folder.name, out, "results.jsonl").read_text().splitlines()
        return [json.loads(line)["message"] or "passed" for line in lines]

    def test_a_list_has_an_end_and_an_order(self) -> None:
        with strange(lambda _, query: (200, listed("1.xml", "2.xml", token="again"))) as endpoint:
            told = self.told("s3://bucket/x/", endpoint)
        self.assertEqual(len(told), 3)
        self.assertIn("twice, or not in the order of their names", told[-1])
        with strange(lambda _, query: (200, listed("2.xml", "1.xml"))) as endpoint:
            self.assertIn("twice, or not in the order of their names", self.told("s3://bucket/x/", endpoint)[-1])
        with strange(lambda _, query: (200, b" " * (17 << 20) + listed("1.xml"))) as endpoint:
            self.assertIn("more than it was asked for", self.told("s3://bucket/x/", endpoint)[-1])
        with strange(lambda _, query: (200, b"<html>")) as endpoint:
            self.assertIn("does not answer as S3 does", self.told("s3://bucket/x/", endpoint)[-1])

    def test_nothing_is_read_in_the_place_of_what_was_listed(self) -> None:
        for tag, content, expected in (("1", b"<a/>", None), ("2", b"<a/>", "anew"), ("1", b"<a />", "anew"), ("1", b"", "anew")):
            def answer(path: str, query: str) -> tuple[int, bytes, dict[str, str]]:
                return (200, listed("1.xml"), {}) if query else (200, content, {"ETag": f'"{tag}"'})

            with strange(answer) as endpoint:
                told = self.told("s3://bucket/x/", endpoint)
            self.assertEqual(["written anew since it was listed" in line for line in told], [expected is not None], told)

    def test_an_object_that_ends_early_is_not_read_as_a_whole(self) -> None:
        with strange(lambda _, query: (200, listed("1.xml") if query else b"<a", {"ETag": '"1"', "Cut": "2"})) as endpoint:
            (told,) = self.told("s3://bucket/x/", endpoint)
        self.assertIn("store", told)

    def test_a_start_that_is_shorter_than_asked_says_nothing_of_an_object(self) -> None:
        short = (206, b"<a", {"ETag": '"1"', "Content-Range": "bytes 0-3/4"})
        with strange(lambda _, query: (200, listed("1")) if query else short) as endpoint:
            (told,) = self.told("s3://bucket/x/", endpoint)
        self.assertIn("does not give the part of an object that it is asked for", told)

    def test_nobody_else_is_asked_and_nothing_is_repeated_that_the_store_says(self) -> None:
        asked = []
        with strange(lambda path, _: asked.append(path) or (200, listed("1.xml"))) as elsewhere:
            for status in (301, 302, 307, 308):
                with strange(lambda path, query: (status, b"", {"Location": f"{elsewhere}{path}?{query}"})) as endpoint:
                    self.assertIn(f"the store answers {status}", self.told("s3://bucket/x/", endpoint)[0])
        self.assertEqual(asked, [])
        said = b"<Error><Code>%s</Code><Message>AKIA234567ABCDEF2345</Message><Token-0>our7session</Token-0></Error>"
        for code, expected in ((b"InvalidToken", "the store answers 400 InvalidToken"), (b"our7session", "the store answers 400")):
            with strange(lambda _, query: (400, said % code)) as endpoint:
                (told,) = self.told("s3://bucket/x/", endpoint)
            self.assertTrue(told.endswith(expected), told)
        for status, expected in ((403, "does not let these credentials"), (503, "does not answer as S3 does")):
            with strange(lambda _, query: (200, listed("1.xml")) if query else (status, said % b"our7session")) as endpoint:
                self.assertIn(expected, self.told("s3://bucket/x/", endpoint)[0])


def listed(*names: str, token: str | None = None, sizes: dict[str, int] | None = None) -> bytes:
    """A page of a list of objects below x/, of four bytes each where `sizes` does not say how long they are."""
    entry = "<Contents><Key>x/{}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;1&quot;</ETag><Size>{}</Size></Contents>"
    entries = (entry.format(name, (sizes or {}).get(name, 4)) for name in names)
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return f"<ListBucketResult>{''.join(entries)}{more}</ListBucketResult>".encode()


@contextmanager
def strange(answer: Callable[..., tuple[object, ...]], asked: list[tuple[str, str | None]] | None = None) -> Iterator[str]:
    """A server that gives this status, content and header to whoever asks for a path and a query: its address. In `asked` are the objects that it
    was asked for, and which part of each."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            status, content, *header = answer(path, query)
            header = header[0] if header else {}
            part = self.headers["Range"]
            if asked is not None and not query:
                asked.append((path.rsplit("/")[-1], part))
            if part and status == 200:
                first, _, last = part.removeprefix("bytes=").partition("-")
                end = min(int(last or len(content)) + 1, len(content))
                header = header | {"Content-Range": f"bytes {first}-{end - 1}/{len(content)}"}
                status, content = 206, content[int(first) : end]
            self.send_response(status)
            length = len(content) + (0 if query else int(header.get("Cut", 0)))
            header = {"Content-Length": str(length), "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"} | header
            for name, value in header.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    unittest.main()
