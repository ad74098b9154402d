"""Public providers of models whose API is compatible with OpenAI's.

By the environment variable that usually holds a key. Only the variable's name is ever
looked at, written or printed; its value is sent to its provider alone, and only when
the user says so.
"""

from dataclasses import dataclass
from typing import Final

__all__ = ["API_PROVIDERS", "ApiProvider"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiProvider:
    """One provider."""

    name: str
    """Also the beginning of the names of its experts."""
    title: str
    variables: tuple[str, ...]
    """Where a key may be, the most usual first."""
    base_url: str | None
    """Root of its API; None is OpenAI's own."""

    @property
    def api_url(self) -> str:
        """Root of its API."""
        return self.base_url or "https://api.openai.com/v1"

    def headers(self, key: str) -> dict[str, str]:
        """What the request for its list of models is sent with."""
        bearer = {"authorization": f"Bearer {key}"}
        if self.name != "anthropic":
            return bearer
        # Its list belongs to its own API, beside the compatible one.
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}


API_PROVIDERS: Final = tuple(
    ApiProvider(name=name, title=title, variables=variables, base_url=base_url)
    for name, title, variables, base_url in (
        ("openai", "OpenAI", ("OPENAI_API_KEY",), None),
        (
            "anthropic",
            "Anthropic",
            ("ANTHROPIC_API_KEY",),
            "https://api.anthropic.com/v1",
        ),
        (
            "gemini",
            "Google Gemini",
            ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
            "https://generativelanguage.googleapis.com/v1beta/openai",
        ),
        ("mistral", "Mistral", ("MISTRAL_API_KEY",), "https://api.mistral.ai/v1"),
        ("groq", "Groq", ("GROQ_API_KEY",), "https://api.groq.com/openai/v1"),
        (
            "openrouter",
            "OpenRouter",
            ("OPENROUTER_API_KEY",),
            "https://openrouter.ai/api/v1",
        ),
        ("together", "Together", ("TOGETHER_API_KEY",), "https://api.together.xyz/v1"),
        ("deepseek", "DeepSeek", ("DEEPSEEK_API_KEY",), "https://api.deepseek.com/v1"),
        ("xai", "xAI", ("XAI_API_KEY",), "https://api.x.ai/v1"),
        (
            "fireworks",
            "Fireworks",
            ("FIREWORKS_API_KEY",),
            "https://api.fireworks.ai/inference/v1",
        ),
        ("cerebras", "Cerebras", ("CEREBRAS_API_KEY",), "https://api.cerebras.ai/v1"),
    )
)
