"""What may be wrong with asking something of a run."""

from nsed.protocol.errors import NsedError

__all__ = ["RunNotFoundError", "WrongStateError"]


class RunNotFoundError(NsedError):
    """There is no such run, or it is somebody else's: nobody is told which."""

    def __init__(self, what: str = "run") -> None:
        """Say what was not found."""
        super().__init__(f"there is no such {what}")


class WrongStateError(NsedError):
    """It cannot be done with a run that stands as this one does."""
