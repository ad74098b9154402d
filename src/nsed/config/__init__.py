"""The configuration file `nsed.toml`: read strictly, explained in plain lines."""
