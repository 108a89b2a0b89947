"""The log: formats, levels, redaction, and a disk that is full."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

from twisted.logger import ILogObserver, Logger, LogLevel, LogPublisher
from twisted.logger._legacy import publishToNewObserver
from twisted.python.log import textFromEventDict
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._credential import Secret
from instantly_mcp.access.approvals.approver import new_approver_secret
from instantly_mcp.access.tokens.token import new_token
from instantly_mcp.daemon.logs.line_file import LineFile
from instantly_mcp.daemon.logs.observer import FORMATS, LogObserver, open_log
from instantly_mcp.daemon.logs.redaction import Redactor
from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.settings.loading import resolve

CANARY = "canary-0123456789abcdef=="


class FullDisk(StringIO):
    """A stream that fails on request."""

    full = False

    def write(self, text: str) -> int:
        """Write, or say that there is no room."""
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)


class LogObserverTests(SynchronousTestCase):
    """How an event is written."""

    def setUp(self) -> None:
        """Have a stream and a publisher."""
        self.stream = StringIO()
        self.publisher = LogPublisher()

    def logger(self, format: str = "text", level: str = "debug") -> Logger:
        """Return a logger whose events reach an observer of this format."""
        redactor = Redactor([Secret(CANARY)])
        observer = LogObserver(LineFile(self.stream), FORMATS[format], redactor, level)
        self.publisher.addObserver(observer)
        return Logger("test", observer=self.publisher)

    def test_interface(self):
        """It is a log observer."""
        observer = LogObserver(LineFile(self.stream), FORMATS["text"], Redactor())
        self.assertTrue(verifyObject(ILogObserver, observer))

    def test_text(self):
        """A text line has time, logger, level and message."""
        self.logger().info("hello {name}", name="you")
        self.assertRegex(
            self.stream.getvalue(), r"^\d{4}-\S+ \[test#info\] hello you\n$"
        )

    def test_json_codec(self):
        """A JSON line has the fields of the event beside the message."""
        self.logger("json").warn("hello {name}", name="you", count=3, thing=object())
        record = json.loads(self.stream.getvalue())
        self.assertEqual(
            {name: record[name] for name in record if name != "time"},
            {
                "level": "warn",
                "logger": "test",
                "message": "hello you",
                "name": "you",
                "count": 3,
            },
        )

    def test_time(self):
        """Times are written in UTC to the millisecond."""
        self.logger("json")
        for seconds, told in [
            (0.0, "1970-01-01T00:00:00.000+00:00"),
            (1_767_225_599.9996, "2025-12-31T23:59:59.999+00:00"),
            (1_767_225_600.25, "2026-01-01T00:00:00.250+00:00"),
            (1_767_225_599.5, "2025-12-31T23:59:59.500+00:00"),
            (None, "-"),
        ]:
            self.publisher({"log_time": seconds, "log_level": LogLevel.info})
            line = self.stream.getvalue().splitlines()[-1]
            self.assertEqual(json.loads(line)["time"], told)

    def test_failure(self):
        """A failure brings its traceback, in either format."""
        for format in FORMATS:
            logger = self.logger(format)
            try:
                raise RuntimeError("broken")
            except RuntimeError:
                logger.failure("it broke")
            self.assertIn("RuntimeError", self.stream.getvalue())

    def test_level(self):
        """Events below the level leave no line."""
        logger = self.logger(level="warn")
        logger.info("quiet")
        logger.error("loud")
        self.assertNotIn("quiet", self.stream.getvalue())
        self.assertIn("loud", self.stream.getvalue())

    def test_old_chatter(self):
        """Twisted's lines about ports have level debug; its errors keep theirs."""
        for level, written in (("info", 1), ("debug", 2)):
            self.setUp()
            self.logger(level=level)
            for event in (
                {"message": ("Site starting on 1",), "isError": 0},
                {"message": ("it broke",), "isError": 1},
            ):
                old = {**event, "time": 0.0, "system": "-"}
                publishToNewObserver(self.publisher, old, textFromEventDict)
            self.assertEqual(self.stream.getvalue().count("\n"), written)
            self.assertIn("it broke", self.stream.getvalue())

    def test_secrets_are_cut(self):
        """A configured secret is cut out of every line, including tracebacks."""
        for format in FORMATS:
            logger = self.logger(format)
            try:
                raise RuntimeError(f"with {CANARY}")
            except RuntimeError:
                logger.failure("field {key}", key=CANARY)
        self.assertNotIn(CANARY, self.stream.getvalue())
        self.assertIn("[redacted]", self.stream.getvalue())

    def test_full_disk(self):
        """Lines that cannot be written are counted, and the count is written later."""
        self.stream = FullDisk()
        logger = self.logger()
        self.stream.full = True
        logger.info("one")
        logger.info("two")
        self.stream.full = False
        logger.info("three")
        lines = self.stream.getvalue().splitlines()
        self.assertEqual(lines[0], "2 log lines were dropped here")
        self.assertEqual(len(lines), 2)

    def test_event_without_fields(self):
        """An event without any of the usual fields does no harm."""
        self.logger("json")
        self.publisher({"log_level": LogLevel.info})
        self.publisher({"log_format": "{missing}", "log_level": LogLevel.error})
        self.assertEqual(len(self.stream.getvalue().splitlines()), 2)


class RedactorTests(SynchronousTestCase):
    """Text in places where callers put keys is cut even if the key is unknown."""

    def test_places(self):
        """Paths, queries and bearer headers lose their secret, and only that."""
        for line, expected in [
            ("POST /mcp/abcdef0123 200", "POST /mcp/[redacted] 200"),
            ("GET /sse/abcdef0123?x=1", "GET /sse/[redacted]?x=1"),
            ("?apiKey=abc&b=2", "?apiKey=[redacted]&b=2"),
            ("?instantly_api_key=abc", "?instantly_api_key=[redacted]"),
            ("?sessionId=abc x", "?sessionId=[redacted] x"),
            ("Authorization: Bearer abcdef0123", "Authorization: Bearer [redacted]"),
        ]:
            self.assertEqual(Redactor()(line), expected)

    def test_tokens(self):
        """A connection token is cut wherever it stands, whole, cut or mistyped."""
        token = new_token()
        for line, expected in (
            (f"it is {token}", "it is [redacted]"),
            (f'{{"a":"{token[:20]}"}}', '{"a":"[redacted]"}'),
            (f"x={token.upper()}, y", "x=[redacted], y"),
        ):
            self.assertEqual(Redactor()(line), expected)

    def test_approver_secrets(self):
        """The secret of an approver is cut wherever it stands; a word is not."""
        secret = new_approver_secret().reveal()
        for line, expected in (
            (f"it is {secret}", "it is [redacted]"),
            (f"x={secret.upper()}, y", "x=[redacted], y"),
            ("ultima_compra: none", "ultima_compra: none"),
        ):
            self.assertEqual(Redactor()(line), expected)

    def test_templates_stay(self):
        """The template of a route is not cut."""
        line = "POST /mcp/{key} 200 in 0.01s"
        self.assertEqual(Redactor()(line), line)

    def test_learns(self):
        """After a reload both the new key and the old one are cut."""
        redactor = Redactor([Secret("first-first-first")])
        redactor.learn([Secret("second-second")])
        self.assertEqual(
            redactor("first-first-first second-second"), "[redacted] [redacted]"
        )


class LogFileTests(SynchronousTestCase):
    """The file behind ``log_file``."""

    def open(self, path: Path) -> LogObserver:
        """Open a log on a file."""
        return open_log(resolve({"log_file": str(path)}, {}), StringIO())

    def test_rotation(self):
        """After a rotation and a reload lines go to a file of the old name."""
        path = Path(self.mktemp())
        observer = self.open(path)
        observer.file.write("before")
        path.rename(path.with_suffix(".1"))
        observer.file.reopen()
        observer.file.write("after")
        self.assertEqual(path.read_text(encoding="utf-8"), "after\n")

    def test_folder_is_gone(self):
        """When the file cannot be opened again, the open one stays in use."""
        folder = Path(self.mktemp())
        folder.mkdir()
        observer = self.open(folder / "log")
        moved = folder.rename(folder.with_name("moved-" + folder.name))
        observer.file.reopen()
        observer.file.write("still here")
        self.assertEqual((moved / "log").read_text(encoding="utf-8"), "still here\n")

    def test_cannot_be_opened(self):
        """A log file that cannot be opened at the start is a mistake."""
        with self.assertRaises(ConfigurationError) as caught:
            self.open(Path("/nowhere/at/all.log"))
        self.assertTrue(caught.exception.lines[0].startswith("IMCP-LOG"))
