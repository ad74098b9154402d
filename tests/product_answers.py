"""What Ollama, llama.cpp, vLLM and LM Studio answer, in the shapes they really have."""

from typing import Any

__all__ = ["LLAMA_CPP", "LM_STUDIO", "OLLAMA", "VLLM"]


def listing(owner: str, *ids: str, **more: Any) -> dict[str, Any]:
    entries = [
        {"id": id_, "object": "model", "created": 1_755_000_000, "owned_by": owner}
        for id_ in ids
    ]
    return {"object": "list", "data": [{**entry, **more} for entry in entries]}


OLLAMA = {
    "/v1/models": listing("library", "llama3.2:latest", "qwen3:8b", "nomic-embed-text"),
    "/api/version": {"version": "0.12.3"},
    "/api/ps": {
        "models": [{"name": "qwen3:8b", "model": "qwen3:8b", "context_length": 32768}]
    },
}
LLAMA_CPP = {
    "/v1/models": {
        "models": [{"name": "models/gemma-3-4b-it-Q4_K_M.gguf", "capabilities": []}],
        **listing(
            "llamacpp",
            "models/gemma-3-4b-it-Q4_K_M.gguf",
            meta={"n_ctx_train": 131072, "n_params": 3_880_000_000, "size": 2_490_000},
        ),
    },
    "/props": {"total_slots": 4, "default_generation_settings": {"n_ctx": 8192}},
}
VLLM = {
    "/v1/models": listing(
        "vllm",
        "Qwen/Qwen2.5-7B-Instruct",
        root="Qwen/Qwen2.5-7B-Instruct",
        parent=None,
        max_model_len=16384,
        permission=[{"id": "modelperm-1", "object": "model_permission"}],
    ),
}
LM_STUDIO = {
    "/v1/models": {
        "data": [
            {"id": name, "object": "model", "owned_by": "organization_owner"}
            for name in ("qwen/qwen3-4b", "openai/gpt-oss-20b", "my-vectors-v1")
        ],
        "object": "list",
    },
    "/api/v0/models": {
        "object": "list",
        "data": [
            {"id": "qwen/qwen3-4b", "type": "llm", "state": "loaded",
             "max_context_length": 262144, "loaded_context_length": 16384},
            {"id": "openai/gpt-oss-20b", "type": "llm", "state": "not-loaded",
             "max_context_length": 131072},
            {"id": "my-vectors-v1", "type": "embeddings", "state": "not-loaded"},
        ],
    },
}  # fmt: skip
