"""The converters of agent frameworks, which make a model's tools from ours.

Most fail on schemas that are valid: `docs/decisions.md` says which, and on what.
"""

from __future__ import annotations

from . import conversions
from .programs import FRAMEWORKS_PYTHON, NODE, Program, package


def framework(name: str, title: str) -> Program:
    """Return a Python framework of the driver ``frameworks.py``."""
    return Program(
        driver="frameworks.py",
        name=title,
        interpreter=FRAMEWORKS_PYTHON,
        needs=FRAMEWORKS_PYTHON,
        version="2025-11-25",
        plan={"framework": name},
    )


def vercel(provider: str) -> Program:
    """Return Vercel's AI SDK with one provider of models."""
    return Program(
        driver="vercel.mjs",
        name="Vercel's AI SDK",
        interpreter=NODE,
        needs=package("ai"),
        version="2025-11-25",
        plan={"provider": provider},
    )


class GoogleGenaiTests(conversions.Conversions):
    """Google's own SDK."""

    program = framework("google_genai", "google-genai")


class LangchainGeminiTests(conversions.Conversions):
    """LangChain with Gemini: it demands all members of an object in an argument."""

    form = staticmethod(conversions.members_required)

    program = framework("langchain_gemini", "langchain-google-genai")


class OpenaiAgentsTests(conversions.Conversions):
    """The Agents SDK of OpenAI."""

    program = framework("openai_agents", "openai-agents")


class OpenaiAgentsStrictTests(conversions.Conversions):
    """The Agents SDK of OpenAI in strict mode."""

    form = staticmethod(conversions.all_required)
    strict = True

    program = framework("openai_agents_strict", "openai-agents")


class AutogenTests(conversions.Conversions):
    """AutoGen with a model of OpenAI: it loses the choices for items of an array."""

    form = staticmethod(conversions.no_choices_in_arrays)

    program = framework("autogen", "autogen-ext")


class VercelGoogleTests(conversions.Conversions):
    """Vercel's AI SDK with Gemini."""

    program = vercel("google")


class VercelOpenaiTests(conversions.Conversions):
    """Vercel's AI SDK with a model of OpenAI."""

    program = vercel("openai")
