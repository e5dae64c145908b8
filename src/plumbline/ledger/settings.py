"""Django settings of the ledger."""

SECRET_KEY = "not-used-without-web"  # noqa: S105
INSTALLED_APPS = ["plumbline.ledger"]
USE_TZ = True
