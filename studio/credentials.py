"""What a request shows to be let in: a bearer key, or a browser's session."""

from fastapi import Request

from nsed.studio.access_key import AccessKey
from nsed.studio.key_ring import KeyRing
from nsed.studio.refusal import RefusedError
from nsed.studio.sessions import COOKIE, Sessions

__all__ = ["presented"]


async def presented(request: Request, ring: KeyRing, sessions: Sessions) -> AccessKey:
    """Return the key that stands behind a request.

    A key never stands in a URL, where logs and histories would keep it.

    Raises:
        RefusedError: There is none, or nobody knows it. The reply does not say which.
    """
    shown = request.headers.getlist("authorization")
    if shown:
        scheme, _, token = shown[0].partition(" ")
        found = None
        if len(shown) == 1 and scheme.lower() == "bearer":
            found = await ring.find(token.strip())
        if found is None:
            raise _unknown("the key is not known here")
        return found
    session = sessions.find(request.cookies.get(COOKIE, ""))
    if session is not None:
        found = await ring.named(*session)
        if found is not None:
            return found
    raise _unknown("a key is needed: send it as Authorization: Bearer KEY")


def _unknown(words: str) -> RefusedError:
    return RefusedError(
        401,
        words,
        code="invalid_api_key",
        headers={"www-authenticate": "Bearer"},
    )
