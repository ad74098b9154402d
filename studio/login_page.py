"""The page where a key is pasted, so that a browser may see the run page."""

import html
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse

__all__ = ["LOGIN", "back_to", "login_page", "login_url"]

LOGIN: Final = "/login"
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>nsed: log in</title>
</head>
<body>
<main>
<h1>nsed</h1>
<form method="post" action="/login">
<input type="hidden" name="next" value="{next}">
<p><label for="key">Key of this server</label></p>
<p><input id="key" name="key" type="password" required autofocus
 autocomplete="current-password" aria-describedby="said"></p>
<p id="said" role="alert">{said}</p>
<p><button>Log in</button></p>
</form>
</main>
</body>
</html>
"""


def login_page(back: str, said: str = "", *, status: int = 200) -> HTMLResponse:
    """The form.

    Args:
        back: Where to go afterwards, as `back_to` allows it.
        said: Why it did not work.
        status: HTTP status of the reply.
    """
    text = _PAGE.format(next=html.escape(back), said=html.escape(said))
    return HTMLResponse(text, status_code=status)


def login_url(request: Request) -> str:
    """Where to log in, to come back to this request."""
    return f"{LOGIN}?next={quote(back_to(request.url.path), safe='/')}"


def back_to(path: str) -> str:
    """A path of this server, or `/`: never another site."""
    plain = path.startswith("/") and path.isprintable() and "\\" not in path
    return path if plain and not path.startswith("//") else "/"
