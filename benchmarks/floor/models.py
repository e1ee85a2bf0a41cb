"""The rows of a plain diary: just enough to carry what the product's requests carry."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class Child(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    nickname = models.CharField(max_length=40)


class Moment(models.Model):
    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    child = models.ForeignKey(Child, on_delete=models.CASCADE)
    tone = models.CharField(max_length=10)
    note = models.TextField(blank=True)
    occurred_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["author", "-occurred_at", "-id"], name="latest_first")]


class Rating(models.Model):
    moment = models.ForeignKey(Moment, on_delete=models.CASCADE, related_name="ratings")
    dimension = models.CharField(max_length=10)
    value = models.SmallIntegerField()
