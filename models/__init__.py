"""The only door to language models: providers, embedded weights, scripted stand-ins."""
