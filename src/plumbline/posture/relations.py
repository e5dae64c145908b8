"""The relations that can be explored, by name."""

from plumbline.posture.findings import FINDINGS
from plumbline.posture.hosts import HOSTS
from plumbline.posture.lists import LISTS
from plumbline.posture.plugins import PLUGINS

RELATIONS = {relation.name: relation for relation in (FINDINGS, HOSTS, PLUGINS, LISTS)}
