"""The child process that serves one GGUF file over HTTP on the loopback interface.

Started by `EmbeddedPool` as `python -m nsed.models.embedded_server`. It writes one line
of JSON to stdout (`{"url": ...}`) once the model is loaded, then waits to be ended.

It must never outlive its parent, however that dies. Its stdin is a pipe that the parent
never writes to: when the last writer is gone, the kernel closes it.

1. A thread reads stdin and ends the process at its end. This works on every system,
   but not while llama.cpp loads a model: that holds the interpreter's lock for seconds.
2. Where pipes can signal (`O_ASYNC`), the kernel itself ends the process at that
   moment by SIGIO, lock or no lock.
3. A process the parent forked may hold the pipe open: the parent's id is watched too.

Linux's `PR_SET_PDEATHSIG` was not taken: it fires when the *thread* that started the
child ends, and worker threads come and go while the process lives.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from importlib import import_module
from typing import TextIO

if sys.platform != "win32":
    import fcntl

__all__ = ["main"]

# Room for prompts that were pushed out of a slot; llama.cpp's own limit is 8 GiB.
_PROMPT_CACHE_MIB = 128
_PARENT_POLL_S = 1.0
_LOG_WARNINGS = 2


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until the parent is gone; never returns.

    Args:
        argv: Arguments, without the program's name; by default the process's own.
    """
    options = _parser().parse_args(argv)
    parent = os.getppid()
    # Ctrl-C reaches the whole group; when to end is the parent's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answer = _take_stdout()
    _end_with_stdin()
    try:
        url, server = _serve(options)
    except RuntimeError as error:  # llama.cpp has logged why
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        os._exit(1)
    with answer:
        answer.write(json.dumps({"url": url}) + "\n")
    while os.getppid() == parent:
        time.sleep(_PARENT_POLL_S)
    del server  # it had to live until here
    os._exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nsed.models.embedded_server")
    parser.add_argument("--model", required=True, help="path of a GGUF file")
    parser.add_argument("--alias", required=True, help="the model's name in the API")
    parser.add_argument("--context", type=int, required=True, help="tokens per slot")
    parser.add_argument("--slots", type=int, default=2, help="requests at once")
    return parser


def _take_stdout() -> TextIO:
    """Keep stdout for the one line; what a library prints there goes to stderr."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answer


def _end_with_stdin() -> None:
    def wait() -> None:
        while os.read(0, 1024):
            pass
        os._exit(0)

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()
    if sys.platform != "win32" and hasattr(os, "O_ASYNC"):
        with contextlib.suppress(OSError):  # not a pipe: started by hand
            fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
            flags = fcntl.fcntl(0, fcntl.F_GETFL)
            fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_ASYNC)


def _serve(options: argparse.Namespace) -> tuple[str, object]:
    """Load the model and listen; return the address and what keeps it alive."""
    # OpenMP reads this when the library is loaded. Threads that spin while they wait
    # make several models on few cores many times slower (docs: local-models).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    xllamacpp = import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = options.model
    params.model_alias = {options.alias}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = options.slots
    params.n_ctx = options.slots * options.context  # shared out among the slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.cache_prompt = True
    params.cache_ram_mib = _PROMPT_CACHE_MIB
    params.ui = False
    params.cors_origins = "http://127.0.0.1"  # no web page may read the answers
    params.verbosity = _LOG_WARNINGS
    server = xllamacpp.Server(params)
    return server.listening_address, server


if __name__ == "__main__":
    main()
