"""Django settings of the ledger by itself; a site adds its own apps to these."""

INSTALLED_APPS = ["plumbline.ledger"]
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
