"""The operator's site: what is registered here is all there is, and none of it is a family's."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext_lazy as _

import checklists.admin
from attune_project.operators import views
from common.admin import ReadOnlyAdmin

# Django's own pages without a use here: it would sign in and change passwords past the second factor.
LEFT_OUT: Final = {
    "login",
    "logout",
    "password_change",
    "password_change_done",
    "autocomplete",
    "view_on_site",
}


class LogEntryAdmin(ReadOnlyAdmin):
    """Who of the operators did what, and why."""

    list_display = ("action_time", "change_message", "object_repr", "user")
    fields = ("action_time", "user", "object_repr", "change_message")


class OperatorSite(admin.AdminSite):
    """Django's admin with our pages for accounts. `operators.gate` has let nobody in but operators."""

    site_header = site_title = _("Attune for operators")
    index_template = "operator/index.html"
    site_url = None
    enable_nav_sidebar = False
    final_catch_all_view = False

    def get_urls(self) -> list[URLPattern | URLResolver]:
        theirs = [found for found in super().get_urls() if getattr(found, "name", None) not in LEFT_OUT]
        for found in theirs:
            if isinstance(found, URLPattern):
                vars(found.callback)["login_url"] = (
                    settings.LOGIN_URL
                )  # not Django's own page, which is left out
        return [*_ours(self), *theirs]


def _ours(site: OperatorSite) -> list[URLPattern | URLResolver]:
    pages: dict[str, tuple[str, Any]] = {
        "find-account": ("account/find/", views.find),
        "opened-account": ("account/opened/", views.opened),
        "account-change": ("account/opened/change/", views.change),
        "state": ("state/", views.state),
    }
    return [
        path(route, site.admin_view(partial(view, site=site)), name=name)
        for name, (route, view) in pages.items()
    ]


site = OperatorSite()
site.register(LogEntry, LogEntryAdmin)
checklists.admin.register(site)
