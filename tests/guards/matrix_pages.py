"""The pages of a family, and those that everybody may see."""

from __future__ import annotations

import uuid
from typing import Any

from observations.selectors import get_own_list
from tests.conftest import BRIEFING, looked
from tests.guards.matrix_law import NOTHING, Door, Need, Route, always, button, page
from tests.guards.matrix_world import HOME, MISSING, Thing, Who, World


# --- What proper requests bring ----------------------------------------------------------------------------------
def new_moment(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    return {
        "child": str(world.child_of(who).public_id),
        "tone": "in_tune",
        "moment_id": str(uuid.uuid4()),
        "opened_at": world.now.isoformat(),
    }


def own_household(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    home = HOME.get(who)
    return {"household": str(world.homes[home[0]].public_id if home else MISSING)}


def new_offer(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    read = {"country": "ZZ", "briefing": BRIEFING}
    return looked({"coach_email": "somebody@example.org", **read, **least(world, who, None)})


def least(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    return {
        "scope": "summary",
        "children": [str(world.child_of(who).public_id)],
        "from_on": world.now.date().isoformat(),
    }


def previewed(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    """What the preview of their questions sends along, for whoever has one."""
    if who not in HOME:
        return {}
    own = get_own_list(actor_id=world.users[who].pk, household_id=world.homes[HOME[who][0]].public_id)
    return {"seen_as": own.mark}


def card_words(_world: World, who: Who, thing: Thing | None) -> dict[str, Any]:
    """Words for a card: the author has one of Pip already."""
    written = who is Who.AUTHOR and thing is not None and thing.name == "pip"
    return {"called": "", "helps": "Sit with me.", "revision": "1" if written else "0"}


SHEET = always(revision="", tone="in_tune", note="Changed", visibility="private")
CHILD = always(nickname="Newcomer", birth_month_month="5", birth_month_year="2023", colour="moss", emoji="")
THOUGHT = always(text="Words on the week", visibility="private")
WRONG = always(rule="noticed.count", act="wrong", part="part-noticed")
CARD_LINK = always(for_whom="nursery", days="7")
COMMENT = always(saw="You waited", gives="Time", child="Came closer", more="")
OWN_NOTE = always(text="Ask about the mornings", label="Mornings")
REPLY = always(text="Thank you")
FOCUS = always(practice="notice", weeks="2", accept="1")
PROFILE = always(name="Cleo", practice="", introduction="", reply_days="3")
QUESTION = always(prompt="Did I wait?", kind="yes_no")
OWN_HOME = always(name="The loft", timezone="Europe/Lisbon")
HOUSEHOLD = always(name="Renamed", timezone="UTC", week_starts_on="0")


def draft_saved(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    return {
        "child": str(world.child_of(who).public_id) if who in HOME else "",
        "tone": "in_tune",
        "picked": "2026-11-01T10:00",
        "note": "Mended",
        "visibility": "private",
    }


PAGES = {
    # Public: each with its reason.
    "/": page(Need.HOME_IF_ANYBODY, home=True),  # what Attune is; for members Today
    "/help/": page(Need.NOTHING),  # help must not ask for a sign-in first
    "/offline/": page(Need.NOTHING),
    "/waiting/": page(Need.NOTHING),  # the phone keeps it, and fills it in without the server
    "/log/offline/": page(Need.NOTHING),  # likewise: built-in content, nothing of a family
    "/manifest.webmanifest": page(Need.NOTHING),
    "/sw.js": page(Need.NOTHING),
    "/robots.txt": page(Need.NOTHING),
    "/favicon.ico": page(Need.NOTHING),
    "/healthz": page(Need.NOTHING),
    "/readyz": page(Need.NOTHING),
    "/household/invitations/{token}/": page(Need.NOTHING),  # puts the token away and shows nothing
    "/unsubscribe/{token}/": page(
        Need.ANY_THAT_EXISTS, kind="subscription", sends=NOTHING
    ),  # the token is the person
    "/not-me/{token}/": page(Need.ANY_THAT_EXISTS, kind="address", sends=NOTHING),  # so is this one's
    "/dev/mail/": page(Need.NOTHING),  # local mode only: where the code to sign in arrives
    "/dev/mail/{name}/": page(Need.ANY_THAT_EXISTS, kind="caught mail"),
    "/dev/mail/{name}/html/": page(Need.ANY_THAT_EXISTS, kind="caught mail"),
    # Only with an invitation; `TestInvitation` has its other half.
    "/household/join/": page(Need.INVITED, sends=NOTHING),
    "/household/join/decline/": button(Need.INVITED),
    "/household/join/block/": button(Need.INVITED),
    # The family's own.
    "/log/": page(Need.HOME, home=True, sends=new_moment),
    # Shared to the app from another one, which the browser says of the request; it shows a sheet and saves nothing.
    "/log/share/": Route(
        {"POST": Door(Need.HOME_IF_ANYBODY, always(text="Words"), home=True)},
        headers={"Sec-Fetch-Site": "none"},
    ),
    "/log/saved/{moment_id}/": page(Need.AUTHOR, kind="moment"),
    "/log/saved/{moment_id}/undo/": button(Need.AUTHOR, kind="moment"),
    "/moments/": page(Need.HOME, home=True),
    "/moments/deleted/": page(Need.HOME, home=True),
    "/moments/drafts/": page(Need.HOME, home=True),
    "/moments/drafts/{draft_id}/": page(Need.OWNER, kind="draft", home=True, sends=draft_saved),
    "/moments/drafts/{draft_id}/choose/": button(Need.OWN_VERSION, kind="draft", home=True),
    "/moments/drafts/{draft_id}/discard/": button(Need.OWNER, kind="draft"),
    "/moments/{moment_id}/": page(Need.SEE_OR_UNDO, kind="moment"),
    "/moments/{moment_id}/more/": page(Need.AUTHOR, kind="moment", sends=SHEET),
    "/moments/{moment_id}/edit/": page(Need.AUTHOR, kind="moment", sends=SHEET),
    "/moments/{moment_id}/history/": page(Need.AUTHOR, kind="moment"),
    "/moments/{moment_id}/delete/": button(Need.AUTHOR, kind="moment"),
    "/moments/{moment_id}/restore/": button(Need.UNDO, kind="moment"),
    "/check/": page(
        Need.HOME, home=True, sends=lambda *_: {"check_id": str(uuid.uuid4()), "rating_needs": "4"}
    ),
    "/check/{check_id}/done/": page(Need.SEE, kind="check", home=True),
    "/reflections/": page(Need.HOME, home=True),
    "/reflections/{label}/": page(Need.OWN_WEEK, kind="week", home=True),
    "/reflections/{label}/thoughts/": button(Need.OWN_WEEK, kind="week", home=True, sends=THOUGHT),
    "/reflections/{label}/wrong/": button(Need.OWN_WEEK, kind="week", home=True, sends=WRONG),
    "/patterns/": page(Need.HOME, home=True),
    # The comfort card: its author's alone, except behind a link.
    "/comfort/": page(Need.HOME, home=True),
    "/comfort/{child_id}/": page(Need.MEMBER, kind="child", home=True),
    "/comfort/{child_id}/edit/": page(Need.MEMBER, kind="child", home=True, sends=card_words),
    "/comfort/{child_id}/delete/": button(Need.OWN_CARD, kind="card"),
    "/comfort/{child_id}/links/": page(Need.OWN_CARD, kind="card", home=True, sends=CARD_LINK),
    "/comfort/links/{link_id}/end/": button(Need.OWN_CARD, kind="card link"),
    "/card/{token}/": page(Need.ANY_THAT_EXISTS, kind="shared card"),  # the token is the permission
    # Setting up, household, account.
    "/welcome/": page(
        Need.SIGN_IN, sends=always(name="The new home", timezone="Europe/Lisbon", week_starts_on="0")
    ),
    "/welcome/child/": page(Need.GUARDIAN_HERE, home=True, sends=CHILD),
    "/welcome/choices/": page(Need.HOME, home=True, sends=NOTHING),
    "/household/": Route(
        {"GET": Door(Need.HOME, home=True), "POST": Door(Need.GUARDIAN_HERE, HOUSEHOLD, home=True)}
    ),
    "/household/switch/": button(Need.MEMBER, sends=own_household),
    "/household/leave/": page(Need.HOME, home=True, sends=NOTHING),
    "/household/separate/": page(Need.GUARDIAN_HERE, home=True, sends=OWN_HOME),
    "/household/back/": button(Need.LAST_TO_LEAVE, sends=own_household),
    "/household/children/": Route(
        {"GET": Door(Need.HOME, home=True), "POST": Door(Need.GUARDIAN_HERE, CHILD, home=True)}
    ),
    "/household/children/{child_id}/": page(Need.MANAGE, kind="child", sends=CHILD),
    "/household/members/": page(Need.HOME, home=True),
    "/household/members/{membership_id}/remove/": button(Need.END_HELPER, kind="membership"),
    "/household/invitations/": page(
        Need.GUARDIAN_HERE, home=True, sends=always(email="somebody@example.org", role="helper")
    ),
    "/household/invitations/{invitation_id}/withdraw/": button(Need.OPEN_INVITATION, kind="invitation"),
    "/household/data/": page(Need.SIGN_IN),
    "/household/data/export/": button(Need.SIGN_IN),
    "/household/data/erase/": page(Need.SIGN_IN, sends=always(confirmation="erase")),
    "/household/data/kept/": page(Need.SIGN_IN),
    "/goodbye/": page(Need.NOTHING),  # after asking to be erased; the same for everybody
    # Letting a coach in, and who looked: nobody's but the author's.
    "/household/coaches/": page(Need.HOME, home=True, sends=new_offer),
    "/household/coaches/preview/": button(Need.HOME, home=True, sends=new_offer),
    "/household/coaches/{grant_id}/": page(Need.OWN_GRANT, kind="grant", sends=least),
    "/household/coaches/{grant_id}/renew/": button(Need.OWN_LIVE_GRANT, kind="grant"),
    "/household/coaches/{grant_id}/withdraw/": button(Need.OWN_ANY_GRANT, kind="grant"),
    # Questions of one's own: nobody else's, but for what is offered to the adults here.
    "/household/questions/": page(Need.HOME, home=True),
    "/household/questions/new/": page(Need.GUARDIAN_HERE, home=True, sends=QUESTION),
    "/household/questions/preview/": page(Need.HOME, home=True, sends=previewed),
    "/household/questions/offer/": button(Need.HOME, home=True),
    "/household/questions/{question_id}/": page(
        Need.OWN_AS_GUARDIAN, kind="own draft", home=True, sends=QUESTION
    ),
    "/household/questions/{question_id}/drop/": button(Need.AUTHOR, kind="own draft", home=True),
    "/household/questions/{question_id}/retire/": button(Need.AUTHOR, kind="asked question", home=True),
    "/household/questions/{question_id}/take/": button(Need.TAKE_OVER, kind="asked question", home=True),
    "/household/questions/suggested/{suggested_id}/": button(
        Need.AUTHOR, kind="suggested question", home=True, sends=always(take="1")
    ),
    "/household/access/": page(Need.SIGN_IN),
    "/household/coaches/suggested/{hand_over_id}/": button(Need.AUTHOR, kind="hand-over", home=True),
    "/household/coaches/{grant_id}/mute/": button(Need.OWN_LIVE_GRANT, kind="grant"),
    # What a coach wrote, and asking for it: the author's alone.
    "/comments/": page(Need.HOME, home=True),
    "/comments/{comment_id}/": page(Need.AUTHOR, kind="comment", sends=REPLY),
    "/comments/{comment_id}/read/": button(Need.AUTHOR, kind="comment"),
    # Everything the author noted lies in the weeks in which they try something; nobody else tries anything.
    "/moments/{moment_id}/tried/": button(Need.TRYING, kind="moment", sends=always(tried="yes")),
    "/moments/{moment_id}/ask/": button(Need.AUTHOR, kind="moment"),
    # From outside, inside a live grant.
    "/coach/": page(Need.SIGN_IN),
    "/coach/offers/{token}/": page(Need.NOTHING),  # puts the token away and shows nothing
    "/coach/offers/": page(Need.INVITED, sends=NOTHING),
    "/coach/offers/decline/": button(Need.INVITED),
    # A coach asks a family: a link for one address, and a list that is the coach's alone.
    "/coach/invitations/": page(Need.SIGN_IN, sends=always(email="family@example.org")),
    "/coach/invitations/{invitation_id}/withdraw/": button(Need.OWNER, kind="family invitation"),
    "/coach/asks/{token}/": page(Need.NOTHING),  # puts the token away and shows nothing
    "/household/coaches/asked/": page(Need.INVITED, sends=NOTHING),
    "/household/coaches/asked/decline/": button(Need.INVITED),
    "/coach/grants/{grant_id}/return/": button(Need.GIVEN_GRANT, kind="grant"),
    "/coach/{household_id}/": page(Need.LOOK, kind="household"),
    "/coach/{household_id}/months/": page(Need.LOOK, kind="household"),
    "/coach/{household_id}/open/": page(Need.LOOK, kind="household"),
    "/coach/{household_id}/moments/{moment_id}/": page(Need.LOOK_CLOSELY, kind="granted", sends=COMMENT),
    "/coach/grants/{grant_id}/weeks/{label}/": page(Need.GIVEN_GRANT, kind="grant", sends=COMMENT),
    "/coach/grants/{grant_id}/focus/": page(Need.GIVEN_GRANT, kind="grant", sends=FOCUS),
    "/coach/grants/{grant_id}/questions/": page(Need.GIVEN_GRANT, kind="grant", sends=QUESTION),
    "/coach/grants/{grant_id}/later/": page(
        Need.GIVEN_GRANT, kind="grant", sends=always(days="7", reason="On holiday")
    ),
    "/coach/grants/{grant_id}/hand-over/": page(
        Need.GIVEN_GRANT, kind="grant", sends=always(colleague_email="dora@example.org")
    ),
    # Counts of coaches' work: each side ends its own, and nobody else knows of it.
    "/coach/team/": page(Need.SIGN_IN),
    "/coach/team/{supervision_id}/agree/": button(Need.OWNER, kind="supervision"),
    "/coach/team/{supervision_id}/end/": button(Need.OWNER, kind="supervision"),
    "/coach/team/{supervision_id}/leave/": button(Need.OWNER, kind="supervised"),
    # A session, and what a coach writes for themselves: that coach's alone, with or without a grant.
    "/coach/grants/{grant_id}/sheet/": page(Need.GIVEN_GRANT, kind="grant"),
    "/coach/grants/{grant_id}/sheet/file/": button(Need.GIVEN_GRANT, kind="grant"),
    "/coach/grants/{grant_id}/session/": button(Need.GIVEN_GRANT, kind="grant"),
    "/coach/grants/{grant_id}/notes/": page(Need.GIVEN_GRANT, kind="grant", sends=OWN_NOTE),
    "/coach/notes/": page(Need.SIGN_IN),
    "/coach/notes/{note_id}/": page(Need.OWNER, kind="own note", sends=OWN_NOTE),
    "/coach/notes/{note_id}/delete/": button(Need.OWNER, kind="own note"),
    "/coach/words/": page(Need.SIGN_IN),
    "/coach/profile/": page(Need.SIGN_IN, sends=PROFILE),
    # The library: the same for everybody who is signed in.
    "/practices/": page(Need.SIGN_IN),
    "/practices/focus/": page(Need.HOME, home=True),
    "/practices/focus/{focus_id}/": button(Need.AUTHOR, kind="focus", home=True, sends=FOCUS),
    "/practices/threads/": page(Need.SIGN_IN),
    "/practices/{slug}/": page(Need.ANY_THAT_EXISTS, kind="practice"),
}
