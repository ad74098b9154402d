"""A Runnable whose work is async, with synchronous doors on the private loop."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig, RunnableSerializable

from nsed.private_loop import private_loop

__all__ = ["AsyncRunnable"]

Input = TypeVar("Input")
Output = TypeVar("Output")


class AsyncRunnable(RunnableSerializable[Input, Output]):
    """Does the same from synchronous code, inside a running event loop too.

    A subclass writes `ainvoke` and `astream`. What `astream` yields may be of another
    kind than the result: the next link of a streamed chain gets the result.
    """

    def invoke(
        self,
        input: Input,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **more: Any,  # noqa: ANN401
    ) -> Output:
        """Do what `ainvoke` does, inside a running loop too."""
        return private_loop.run(lambda: self.ainvoke(input, config, **more))

    def stream(
        self,
        input: Input,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **more: Any,  # noqa: ANN401
    ) -> Iterator[Any]:
        """Do what `astream` does, inside a running loop too."""
        return private_loop.iterate(lambda: self.astream(input, config, **more))

    async def atransform(
        self,
        input: AsyncIterator[Input],  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **more: Any,  # noqa: ANN401
    ) -> AsyncIterator[Output]:
        """As a link of a streamed chain: take all of the input, give the result."""
        whole: Any = None
        async for chunk in input:
            whole = _added(whole, chunk)
        yield await self.ainvoke(whole, config, **more)

    def transform(
        self,
        input: Iterator[Input],  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **more: Any,  # noqa: ANN401
    ) -> Iterator[Output]:
        """Do what `atransform` does."""
        whole: Any = None
        for chunk in input:
            whole = _added(whole, chunk)
        yield self.invoke(whole, config, **more)

    def batch(
        self,
        inputs: list[Input],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **more: Any,  # noqa: ANN401
    ) -> list[Output]:
        """Do what `abatch` does: all runs on one loop, where they share limits."""
        return private_loop.run(
            lambda: self.abatch(
                inputs, config, return_exceptions=return_exceptions, **more
            )
        )

    def batch_as_completed(  # type: ignore[override]
        self,
        inputs: list[Input],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **more: Any,  # noqa: ANN401
    ) -> Iterator[tuple[int, Output | Exception]]:
        """Do what `abatch_as_completed` does."""
        more = {**more, "return_exceptions": return_exceptions}
        return private_loop.iterate(
            lambda: self.abatch_as_completed(inputs, config, **more)
        )


def _added(whole: Any, chunk: Any) -> Any:  # noqa: ANN401 - whatever was streamed
    """Put chunks together where they can be; else the last one is all of it."""
    if whole is None:
        return chunk
    try:
        return whole + chunk
    except TypeError:
        return chunk
