"""Options are accepted only in full."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.cli.command import SUBCOMMANDS, CommandLine
from instantly_mcp.daemon.settings.sources.exact_options import ExactOptions
from instantly_mcp.daemon.settings.sources.spelling import did_you_mean
from instantly_mcp.tap import Options

COMMANDS: tuple[Callable[[], usage.Options], ...] = (
    CommandLine,
    Options,
    *(row[2] for row in SUBCOMMANDS),  # type: ignore[arg-type]
)


def long_options(options: usage.Options) -> list[str]:
    """Return the long options that a command knows, without their dashes."""
    return [option.rstrip("=") for option in options.longOpt]


class Example(ExactOptions):
    """Options of every kind."""

    optFlags = [["quiet", "q", ""]]
    optParameters = [["port", None, None, ""], ["port-retries", None, "0", ""]]

    def parseArgs(self, *words: str) -> None:
        """Keep the arguments."""
        self["words"] = words


class ExactOptionsTests(SynchronousTestCase):
    def refusal(self, options: usage.Options, *words: str) -> str:
        """Return why a command line is refused."""
        error = self.assertRaises(usage.UsageError, options.parseOptions, list(words))
        return str(error)

    def test_every_prefix_of_every_command(self):
        """No command accepts the beginning of an option as the option."""
        for make in COMMANDS:
            names = long_options(make())
            for name in names:
                for end in range(1, len(name)):
                    begun = name[:end]
                    if begun in names:
                        continue
                    for words in ([f"--{begun}", "1"], [f"--{begun}=1"]):
                        said = self.refusal(make(), *words)
                        if words[0] not in {"--api-key", "--server-secret"}:
                            self.assertNotIn("not unique", said)

    def test_meant(self):
        """The options that may be meant are named, at most three."""
        for word, meant in (
            ("--port-r", "; did you mean --port-retries?"),
            ("--po", "; did you mean --port or --port-retries?"),
            ("--quite", "; did you mean --quiet?"),
            ("--port_retries=5", "; did you mean --port-retries?"),
            ("--verbose", ""),
        ):
            name = word.partition("=")[0]
            said = self.refusal(Example(), word)
            self.assertEqual(said, f"there is no option {name}{meant}")

    def test_no_value_is_repeated(self):
        """Neither the value of an unknown option nor what may be a key in
        its place is repeated.
        """
        for word in ("--prot=CANARY", "--CANARY", "--inst_CANARY0", "--CANARY=x"):
            self.assertNotIn("CANARY", self.refusal(Example(), word))

    def test_taken(self):
        """An option in full is accepted, with any value, up to the arguments."""
        for words, port, rest in (
            (["--port", "1", "--quiet"], "1", ()),
            (["--port=1"], "1", ()),
            (["--port", "--por"], "--por", ()),
            (["-q", "--port", "1", "x", "--por"], "1", ("x", "--por")),
            (["--port", "1", "--", "--por"], "1", ("--por",)),
            (["--port", "1", "-"], "1", ("-",)),
        ):
            options = Example()
            options.parseOptions(words)
            self.assertEqual((options["port"], options["words"]), (port, rest))

    def test_a_value_that_is_missing(self):
        """The refusal of an option without a value says that the value is missing."""
        self.assertIn("requires argument", self.refusal(Example(), "--port"))

    @given(st.lists(st.text(alphabet="-port=q1x ", max_size=14), max_size=5))
    def test_any_words(self, words: list[str]):
        """Every command line gives options or a refusal, and what is
        accepted was written in full.
        """
        options = Example()
        try:
            options.parseOptions(words)
        except usage.UsageError:
            return
        for name in ("port", "port-retries"):
            if options[name] not in (None, "0"):
                self.assertTrue(
                    any(word.partition("=")[0] == f"--{name}" for word in words)
                )

    def test_did_you_mean(self):
        """Nothing is suggested for what resembles nothing."""
        known = ["listen", "log_level"]
        self.assertEqual(did_you_mean("lisen", known), "; did you mean listen?")
        self.assertEqual(did_you_mean("whatever", known), "")
