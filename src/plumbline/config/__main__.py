"""`python -m plumbline.config > docs/settings.md` renews the page of settings."""

import sys

from plumbline.config.table import markdown

sys.stdout.write(markdown())
