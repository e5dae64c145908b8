"""The addresses under `/api`."""

from __future__ import annotations

from django.urls import path

from plumbline.domain.person import Right
from plumbline.web.api import comparison, operation, policy, posture, report, views
from plumbline.web.api.frame import api
from plumbline.web.pages import description
from plumbline.web.rules import RULES, Door, page

# Imported for the addresses they add.
PARTS = (comparison, operation, policy, posture, report, views)
# Ninja's own entry leads nowhere.
RULES["api:api-root"] = Door.CLOSED

urlpatterns = [
    page("docs", description.show, "api-docs", Right.SEE),
    page("openapi.json", description.schema, "api-schema", Right.SEE),
    path("v1/", api.urls),
]
