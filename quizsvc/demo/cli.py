"""`quizsvc simulate`."""

import click


@click.command("simulate")
def simulate() -> None:
    """Drive a running server through its public API as N citizens would."""
