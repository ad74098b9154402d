"""The default pool: three small open models that run on this machine, offline.

`skill` is measured, not guessed: docs/decisions/0006 says on what and how often.
"""

from nsed.state.expert_config import ExpertConfig

__all__ = ["EMBEDDED_ROSTER"]

EMBEDDED_ROSTER: tuple[ExpertConfig, ...] = tuple(
    ExpertConfig(
        name=name,
        provider="embedded",
        model=model,
        family=family,
        usd_per_mtok_input=0,
        usd_per_mtok_output=0,
        context_tokens=4096,
        concurrency=1,
        temperature=0,
        few_shot=True,
        tags=tags,
    )
    for name, model, family, tags in (
        ("qwen-1.5b", "qwen2.5-coder-1.5b-instruct", "qwen2.5", ("code", "math")),
        ("qwen-0.5b", "qwen2.5-coder-0.5b-instruct", "qwen2.5", ("code",)),
        ("smollm2", "smollm2-135m-instruct", "smollm2", ()),
    )
)
