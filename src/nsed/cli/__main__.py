"""`python -m nsed.cli`, the same as `nsed`."""

from nsed.cli.app import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
