"""The application, and an OpenAPI document that says what it really replies."""

from typing import Any

from fastapi import FastAPI

__all__ = ["DocumentedApp"]

_NEVER_SENT = ("HTTPValidationError", "ValidationError")


class DocumentedApp(FastAPI):
    """FastAPI, whose own form of a refused request is never sent here."""

    def openapi(self) -> dict[str, Any]:
        """The document; made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            for path in document.get("paths", {}).values():
                for operation in path.values():
                    replies = operation["responses"]
                    if _NEVER_SENT[0] in str(replies.get("422")):
                        del replies["422"]
            schemas = document.get("components", {}).get("schemas", {})
            for name in _NEVER_SENT:
                schemas.pop(name, None)
            self.openapi_schema = document
        return self.openapi_schema
