"""The tables of the ledger. Rows stay inside this package; callers get frozen records."""

from __future__ import annotations

from typing import Any

from django.db import models

from plumbline.errors import StorageError

_STAYS = StorageError("What the audit tells cannot be changed.", unchanged="the audit.")


class ConnectionRow(models.Model):
    """A console as the user set it up, or a place where imported files go."""

    name = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=16, default="console")
    url = models.TextField()
    trust_kind = models.CharField(max_length=16)
    trust_value = models.TextField(blank=True)
    # Without credentials; those are in SealedRow.
    proxy = models.TextField(blank=True)
    no_proxy = models.JSONField(default=list)
    repositories = models.JSONField(default=list)
    severities = models.JSONField(default=list)
    asset_lists = models.JSONField(default=list)
    families = models.JSONField(default=list)
    look_back_days = models.PositiveIntegerField(null=True)
    was = models.CharField(max_length=16)
    exclude_repositories = models.JSONField(default=list)
    exclude_families = models.JSONField(default=list)
    exclude_plugin_types = models.JSONField(default=list)
    exclude_addresses = models.JSONField(default=list)
    # Of the asset lists; no filters stand for the usual ones.
    list_filters = models.JSONField(default=list)
    list_fields = models.JSONField(default=list)
    # PEM; its private key is in SealedRow.
    client_certificate = models.TextField(blank=True, default="")
    page_size = models.PositiveIntegerField(null=True)
    connect_timeout = models.FloatField()
    read_timeout = models.FloatField()
    retries = models.PositiveIntegerField()
    requests_per_hour = models.PositiveIntegerField(null=True)
    # Not read any more, its keys gone; what was published of it is still shown.
    retired = models.DateTimeField(null=True)
    paused = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class SealedRow(models.Model):
    """The secrets of a connection, each sealed with the newest sealing key."""

    connection = models.OneToOneField(ConnectionRow, models.CASCADE, related_name="sealed")
    keys = models.BinaryField(default=b"")
    proxy = models.BinaryField(default=b"")
    client_key = models.BinaryField(default=b"")

    def __str__(self) -> str:
        return f"secrets of connection {self.connection_id}"


class ScheduleRow(models.Model):
    """When a connection is to be read without anybody asking."""

    connection = models.OneToOneField(ConnectionRow, models.CASCADE, related_name="schedule")
    # An interval (`every 24h`) or a cron line.
    rule = models.TextField()
    # Hours in which no run begins, as `HH:MM-HH:MM`.
    blackout = models.JSONField(default=list)
    jitter_minutes = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    changed = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"schedule of connection {self.connection_id}"


class WorkerRow(models.Model):
    """A process that works off jobs."""

    name = models.CharField(max_length=64, unique=True)
    started = models.DateTimeField()
    heartbeat = models.DateTimeField()
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    process = models.CharField(max_length=128, blank=True)

    def __str__(self) -> str:
        return f"worker {self.name}"


class JobRow(models.Model):
    """The wish that a connection is read, until it is or cannot be."""

    connection = models.ForeignKey(ConnectionRow, models.SET_NULL, null=True, related_name="jobs")
    # Stays when the connection is removed.
    name = models.CharField(max_length=64)
    state = models.CharField(max_length=16)
    full = models.BooleanField(default=False)
    # Who asked: `schedule`, or a user.
    by = models.CharField(max_length=200)
    asked = models.DateTimeField()
    # Not before this time.
    due = models.DateTimeField()
    began = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    # How often it was given to the workers; each time has a number of its own.
    turn = models.PositiveIntegerField(default=0)
    # Failures that may pass, in a row, and when the first of them happened.
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    incompletes = models.PositiveIntegerField(default=0)
    # The last run whose end was taken note of.
    settled_run = models.BigIntegerField(default=0)
    # Why it waits.
    note = models.TextField(blank=True)
    error = models.TextField(blank=True)
    advice = models.TextField(blank=True)
    worker = models.ForeignKey(WorkerRow, models.SET_NULL, null=True, related_name="jobs")
    stop = models.BooleanField(default=False)
    stopped_by = models.CharField(max_length=200, blank=True)

    class Meta:
        """One open job a connection."""

        constraints = (
            models.UniqueConstraint(
                fields=["connection"],
                condition=models.Q(state__in=["queued", "waiting", "running"]),
                name="one_open_job",
            ),
        )
        indexes = (models.Index(fields=["state", "due"]),)

    def __str__(self) -> str:
        return f"job {self.pk} of {self.name}"


class RunRow(models.Model):
    """One reading of a console, from start to end."""

    # AUTOINCREMENT (SQLite) and sequences (PostgreSQL) never give a number twice.
    number = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(ConnectionRow, models.SET_NULL, null=True, related_name="runs")
    # Stays when the connection is removed.
    name = models.CharField(max_length=64)
    mode = models.CharField(max_length=16)
    state = models.CharField(max_length=16)
    started = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    advice = models.TextField(blank=True)
    counts = models.JSONField(default=dict)
    requests = models.PositiveBigIntegerField(default=0)
    received = models.PositiveBigIntegerField(default=0)
    # The exit code of the error that ended it: what kind it was.
    code = models.PositiveSmallIntegerField(default=0)
    # Findings received from the console, repeats included.
    rows = models.PositiveBigIntegerField(default=0)
    # What the keys could see: user, role, group, repositories.
    sight = models.JSONField(default=dict)
    # What it is at while it works: stage, rows read and expected, numbers the console announced.
    progress = models.JSONField(default=dict)
    # What began it: command, schedule, import, …
    by = models.CharField(max_length=32, default="command")
    # Somebody asked it to stop, and who.
    stop = models.BooleanField(default=False)
    stopped_by = models.CharField(max_length=200, blank=True)
    job = models.ForeignKey(JobRow, models.SET_NULL, null=True, related_name="runs")
    # Time at work; the pause between a kill and its resumption does not count.
    seconds = models.FloatField(default=0.0)
    claimed = models.DateTimeField()
    heartbeat = models.DateTimeField()
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    process = models.CharField(max_length=128, blank=True)

    class Meta:
        """Lookups by connection and state."""

        indexes = (models.Index(fields=["name", "state"]),)

    def __str__(self) -> str:
        return f"run {self.number} of {self.name}"


class ProofRow(models.Model):
    """Our count beside the console's."""

    run = models.ForeignKey(RunRow, models.CASCADE, related_name="proof_rows")
    repository = models.BigIntegerField()
    source = models.CharField(max_length=16)
    severity = models.PositiveSmallIntegerField()
    ours = models.BigIntegerField()
    console = models.BigIntegerField()
    repeated = models.BigIntegerField(default=0)
    published = models.BigIntegerField(null=True)

    class Meta:
        """One row a repository, source and severity."""

        constraints = (
            models.UniqueConstraint(
                fields=["run", "repository", "source", "severity"], name="one_proof"
            ),
        )

    def __str__(self) -> str:
        return f"{self.ours} of {self.console} in repository {self.repository}"


class SliceRow(models.Model):
    """How one slice of a run was read."""

    run = models.ForeignKey(RunRow, models.CASCADE, related_name="slice_rows")
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=32)
    expected = models.BigIntegerField(null=True)
    distinct = models.BigIntegerField()
    passes = models.PositiveIntegerField()
    note = models.TextField(blank=True)

    class Meta:
        """One row a slice."""

        constraints = (models.UniqueConstraint(fields=["run", "name"], name="one_slice"),)

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"


class OddityRow(models.Model):
    """A kind of odd value met in a run, counted."""

    run = models.ForeignKey(RunRow, models.CASCADE, related_name="oddity_rows")
    kind = models.CharField(max_length=200)
    count = models.PositiveBigIntegerField()
    example = models.TextField(blank=True)

    class Meta:
        """One row a kind."""

        constraints = (models.UniqueConstraint(fields=["run", "kind"], name="one_oddity"),)

    def __str__(self) -> str:
        return f"{self.count} x {self.kind}"


class RequestRow(models.Model):
    """One request to a console; no run when it was a preflight."""

    run = models.ForeignKey(RunRow, models.CASCADE, null=True, related_name="request_rows")
    at = models.DateTimeField()
    method = models.CharField(max_length=8)
    path = models.TextField()
    summary = models.TextField(blank=True)
    status = models.PositiveSmallIntegerField()
    received = models.PositiveBigIntegerField()
    seconds = models.FloatField()
    attempt = models.PositiveSmallIntegerField()
    outcome = models.TextField()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class SnapshotRow(models.Model):
    """What a run published: the version of every table, and where the console stood."""

    run = models.OneToOneField(RunRow, models.CASCADE, primary_key=True, related_name="snapshot")
    as_of = models.DateTimeField()
    published = models.DateTimeField()
    tables = models.JSONField(default=dict)
    plan = models.JSONField(default=dict)
    # No longer to be asked: its files may go some time after this.
    forgotten = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"snapshot of run {self.run_id}"


class DeadlineRow(models.Model):
    """The deadlines that somebody set; the newest row holds. Without days, the settings do."""

    at = models.DateTimeField(auto_now_add=True)
    who = models.CharField(max_length=200)
    critical = models.PositiveIntegerField(null=True)
    high = models.PositiveIntegerField(null=True)
    medium = models.PositiveIntegerField(null=True)
    low = models.PositiveIntegerField(null=True)

    def __str__(self) -> str:
        return f"deadlines by {self.who}"


class Growing(models.QuerySet["AuditRow"]):
    """Rows that stay as they are."""

    def update(self, **kwargs: object) -> int:
        """Refused."""
        del kwargs
        raise _STAYS

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refused."""
        raise _STAYS


class AuditRow(models.Model):
    """Who did what; rows are only ever added."""

    at = models.DateTimeField(auto_now_add=True)
    who = models.CharField(max_length=200)
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=200)
    detail = models.TextField(blank=True)

    objects = Growing.as_manager()

    def __str__(self) -> str:
        return f"{self.who}: {self.action} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row; one that is there already stays as it is."""
        if not self._state.adding:
            raise _STAYS
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refused."""
        del args, kwargs
        raise _STAYS
