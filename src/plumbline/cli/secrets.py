"""`plumbline secrets`: the keys that seal stored API keys."""

from plumbline.cli import output, session
from plumbline.cli.root import group

app = group("Change the keys that seal stored API keys.")


@app.command()
def rotate(*, as_json: output.AsJson = False) -> None:
    """Make a new sealing key, seal every stored secret with it, drop the old keys."""
    settings = session.ledger()
    from plumbline.ledger import seal  # noqa: PLC0415 - Django, only when called

    count = seal.rotate()
    warnings = []
    if settings.secret_keys:
        warnings.append(
            "The keys came from PLUMBLINE_SECRET_KEYS: its first key seals everything now; "
            "take the others out of it."
        )
    if as_json:
        output.emit("secrets-rotate", {"sealed": count}, warnings)
        return
    for warning in warnings:
        output.warn(warning)
    output.say(f"The secrets of {count} connections are sealed with the new key.")
