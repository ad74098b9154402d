"""The official OpenAI client against `nsed serve`: a panel as one model name.

python examples/openai_client.py                        # starts a server, scripted
python examples/openai_client.py --config nsed.toml     # with your experts
python examples/openai_client.py --url http://127.0.0.1:8017/v1    # asks yours
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openai import OpenAI

SCRIPTED = Path(__file__).with_name("scripted.toml")
QUESTION = "What is half of 48 plus 48?"


@contextmanager
def server(config: str) -> Iterator[str]:
    """Start `nsed serve` on a free port; give its URL, and end it afterwards."""
    command = [sys.executable, "-m", "nsed.cli", "serve", "--port", "0"]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [*command, "--config", config], stderr=subprocess.PIPE, text=True
    )
    try:
        said = ""
        for line in process.stderr or ():
            said += line
            if found := re.match(r"Serving: +(\S+)", line):
                yield f"{found[1]}/v1"
                break
        else:
            raise SystemExit(said)
    finally:
        process.terminate()
        process.communicate()


def ask(url: str) -> None:
    """Ask whole, then as a stream."""
    key = os.environ.get("NSED_API_KEY", "none")  # noqa: TID251 - an app's own business
    client = OpenAI(base_url=url, api_key=key, timeout=600)
    messages = [{"role": "user", "content": QUESTION}]
    reply = client.chat.completions.create(model="nsed", messages=messages)
    text = reply.choices[0].message.content or ""
    print("answer:", text.splitlines()[-1])
    print("tokens counted:", reply.usage is not None and reply.usage.total_tokens > 0)

    parts = client.chat.completions.create(
        model="nsed-fast", messages=messages, stream=True
    )
    streamed = "".join(p.choices[0].delta.content or "" for p in parts if p.choices)
    print("streamed:", streamed.splitlines()[-1])


def main() -> None:
    """Ask a server that runs, or one of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default=str(SCRIPTED), help="a nsed.toml")
    parser.add_argument("--url", help="a server that runs already")
    asked = parser.parse_args()
    if asked.url:
        ask(asked.url)
        return
    with server(asked.config) as url:
        ask(url)


if __name__ == "__main__":
    main()
