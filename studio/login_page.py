"""The pages where a browser logs in, with a key, and out."""

import html
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse

__all__ = ["LOGIN", "LOGOUT", "back_to", "login_page", "login_url", "logout_page"]

LOGIN: Final = "/login"
LOGOUT: Final = "/logout"
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>nsed: {title}</title>
</head>
<body>
<main>
<h1>nsed</h1>
{form}</main>
</body>
</html>
"""
_IN: Final = """<form method="post" action="/login">
<input type="hidden" name="next" value="{next}">
<p><label for="key">Key of this server</label></p>
<p><input id="key" name="key" type="password" required autofocus
 autocomplete="current-password" aria-describedby="said"></p>
<p id="said" role="alert">{said}</p>
<p><button>Log in</button></p>
</form>
"""
_OUT: Final = """<p>You are logged in with the key {name}.
<a href="{next}">Go on</a></p>
<form method="post" action="/logout">
<p><button>Log out</button></p>
</form>
"""


def login_page(back: str, said: str = "", *, status: int = 200) -> HTMLResponse:
    """The form.

    Args:
        back: Where to go afterwards, as `back_to` allows it.
        said: Why it did not work.
        status: HTTP status of the reply.
    """
    form = _IN.format(next=html.escape(back), said=html.escape(said))
    return HTMLResponse(_PAGE.format(title="log in", form=form), status_code=status)


def logout_page(back: str, name: str) -> HTMLResponse:
    """What is there instead for a browser that is logged in.

    Args:
        back: Where else to go, as `back_to` allows it.
        name: Name of the key it is logged in with.
    """
    form = _OUT.format(next=html.escape(back), name=html.escape(name))
    return HTMLResponse(_PAGE.format(title="log out", form=form))


def login_url(request: Request) -> str:
    """Where to log in, to come back to this request."""
    return f"{LOGIN}?next={quote(back_to(request.url.path), safe='/')}"


def back_to(path: str) -> str:
    """A path of this server, or `/`: never another site."""
    plain = path.startswith("/") and path.isprintable() and "\\" not in path
    return path if plain and not path.startswith("//") else "/"
