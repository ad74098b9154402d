"""The default pool: three small open models that run on this machine, offline.

`skill` is measured, not guessed: docs/decisions/0006 says on what and how often.
`vram_bytes` is the measured resident size of the model's server.
"""

from nsed.state.expert_config import ExpertConfig

__all__ = ["EMBEDDED_ROSTER"]

EMBEDDED_ROSTER: tuple[ExpertConfig, ...] = tuple(
    ExpertConfig(
        name=name,
        provider="embedded",
        model=model,
        family=family,
        params_b=params_b,
        licence="open",
        host="this machine",
        vram_bytes=vram_bytes,
        usd_per_mtok_input=0,
        usd_per_mtok_output=0,
        context_tokens=4096,
        answer_tokens=256,
        concurrency=1,
        temperature=0,
        few_shot=True,
        skill={"general": skill},
        tags=tags,
        # Models this small fall into loops; a penalty on repeats breaks them.
        model_kwargs={"frequency_penalty": penalty} if penalty else {},
    )
    for name, model, family, params_b, vram_bytes, skill, tags, penalty in (
        (
            "qwen-1.5b",
            "qwen2.5-coder-1.5b-instruct",
            "qwen2.5",
            1.54,
            2_065_000_000,
            0.475,
            ("code", "math"),
            0,
        ),
        (
            "qwen-0.5b",
            "qwen2.5-coder-0.5b-instruct",
            "qwen2.5",
            0.49,
            720_000_000,
            0.15,
            ("code",),
            0,
        ),
        (
            "smollm2",
            "smollm2-135m-instruct",
            "smollm2",
            0.135,
            306_000_000,
            0.025,
            (),
            0.5,
        ),
    )
)
