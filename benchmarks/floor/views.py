"""One bare view per kind of request."""

from __future__ import annotations

import json

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from rest_framework import pagination, serializers, viewsets
from rest_framework.authtoken.models import Token

from benchmarks.floor.models import Child, Moment, Rating


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    """Two queries: whose token, and the row."""
    token = Token.objects.select_related("user").get(key=request.headers["Authorization"].split()[1])
    body = json.loads(request.body)
    Moment.objects.create(
        public_id=body["id"],
        author=token.user,
        child_id=body["child"],
        tone=body["tone"],
        occurred_at=timezone.now(),
    )
    return HttpResponse(status=201)


class MomentForm(forms.ModelForm):
    class Meta:
        model = Moment
        fields = ["public_id", "child", "tone"]


@login_required
def form_post(request: HttpRequest) -> HttpResponse:
    """Session, CSRF and a ModelForm, answered by a redirect."""
    form = MomentForm(request.POST)
    if not form.is_valid():
        return HttpResponse(form.errors.as_json(), status=422)
    form.instance.author = request.user
    form.instance.occurred_at = timezone.now()
    form.save()
    return redirect("/timeline/")


@login_required
def timeline(request: HttpRequest) -> HttpResponse:
    rows = (
        Moment.objects.filter(author=request.user)
        .select_related("child")
        .order_by("-occurred_at", "-id")[:30]
    )
    return render(request, "timeline.html", {"moments": rows})


class RatingSerializer(serializers.ModelSerializer):
    class Meta:
        model = Rating
        fields = ["dimension", "value"]


class MomentSerializer(serializers.ModelSerializer):
    id = serializers.UUIDField(source="public_id")
    child = serializers.PrimaryKeyRelatedField(queryset=Child.objects.all())
    occurred_at = serializers.DateTimeField(default=timezone.now)
    ratings = RatingSerializer(many=True, read_only=True)

    class Meta:
        model = Moment
        fields = ["id", "child", "tone", "note", "occurred_at", "ratings"]


class Latest(pagination.CursorPagination):
    ordering = ("-occurred_at", "-id")
    page_size = 100


class MomentViewSet(viewsets.ModelViewSet):
    serializer_class = MomentSerializer
    pagination_class = Latest

    def get_queryset(self):
        return Moment.objects.filter(author=self.request.user).prefetch_related("ratings")

    def perform_create(self, serializer):
        serializer.save(author=self.request.user)
