"""The pages around the family's own: setting up, household, account, help, practices, weeks, the app shell."""

from __future__ import annotations

from django.urls import include, path, register_converter

from frontend.converters import WeekConverter
from frontend.views import (
    coach,
    data,
    grants,
    household,
    invitations,
    mail,
    operator,
    patterns,
    practices,
    pwa,
    reflections,
    welcome,
)
from frontend.views import help as help_views

register_converter(WeekConverter, "week")

urlpatterns = [
    path("welcome/", welcome.welcome, name="welcome"),
    path("welcome/child/", welcome.child, name="welcome-child"),
    path("welcome/choices/", welcome.choices, name="welcome-choices"),
    path("household/", household.household, name="household"),
    path("household/switch/", household.switch, name="household-switch"),
    path("household/leave/", household.leave, name="household-leave"),
    path("household/children/", household.children, name="household-children"),
    path("household/children/<uuid:child_id>/", household.child, name="child-edit"),
    path("household/members/", household.members, name="household-members"),
    path("household/members/<uuid:membership_id>/remove/", household.member_remove, name="member-remove"),
    path("household/invitations/", invitations.invitations, name="household-invitations"),
    path(
        "household/invitations/<uuid:invitation_id>/withdraw/",
        invitations.withdraw,
        name="invitation-withdraw",
    ),
    path("household/invitations/<slug:token>/", invitations.invitation, name="invitation"),
    path("household/join/", invitations.join, name="invitation-join"),
    path("household/data/", data.data, name="data"),
    path("household/data/export/", data.export, name="data-export"),
    path("household/data/erase/", data.erase, name="data-erase"),
    path("household/data/kept/", data.taken_back, name="erasure-taken-back"),
    path("goodbye/", data.goodbye, name="erasure-goodbye"),
    path("household/coaches/", grants.coaches, name="household-coaches"),
    path("household/coaches/preview/", grants.preview, name="grant-preview"),
    path("household/coaches/<uuid:grant_id>/", grants.grant, name="grant"),
    path("household/coaches/<uuid:grant_id>/renew/", grants.renew, name="grant-renew"),
    path("household/coaches/<uuid:grant_id>/withdraw/", grants.withdraw, name="grant-withdraw"),
    path("household/access/", grants.access, name="household-access"),
    path("coach/", coach.families, name="coach"),
    path("coach/offers/", coach.offers, name="coach-offers"),
    path("coach/offers/decline/", coach.decline, name="offer-decline"),
    path("coach/offers/<slug:token>/", coach.offer, name="coach-offer"),
    path("coach/grants/<uuid:grant_id>/return/", coach.give_back, name="grant-return"),
    path("coach/<uuid:household_id>/", coach.family, name="coach-family"),
    path("coach/<uuid:household_id>/open/", coach.still_open, name="coach-still-open"),
    path("coach/<uuid:household_id>/moments/<uuid:moment_id>/", coach.moment, name="coach-moment"),
    path("account/", include("frontend.urls_account")),
    path("help/", help_views.help_page, name="help"),
    path("patterns/", patterns.patterns, name="patterns"),
    path("practices/", practices.practices, name="practices"),
    path("practices/threads/", practices.threads, name="threads"),
    path("practices/<slug:slug>/", practices.practice, name="practice"),
    path("reflections/", reflections.reflections, name="reflections"),
    path("reflections/<week:label>/", reflections.reflection, name="reflection"),
    path("reflections/<week:label>/thoughts/", reflections.thought, name="reflection-thought"),
    path("unsubscribe/<str:token>/", mail.unsubscribe, name="unsubscribe"),
    path("dev/mail/", mail.dev_mail, name="dev-mail"),
    path("dev/mail/<str:name>/", mail.dev_mail, name="dev-mail-open"),
    path("dev/mail/<str:name>/html/", mail.dev_mail_html, name="dev-mail-html"),
    path("manifest.webmanifest", pwa.manifest, name="manifest"),
    path("sw.js", pwa.service_worker, name="service-worker"),
    path("offline/", pwa.offline, name="offline"),
    path("healthz", operator.healthz, name="healthz"),
    path("readyz", operator.readyz, name="readyz"),
    path("robots.txt", operator.robots, name="robots"),
    path("favicon.ico", operator.favicon, name="favicon"),
]
