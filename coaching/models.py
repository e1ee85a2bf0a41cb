"""What passes between an author and a coach. Every row names both, and the household it is about.

What a coach wrote stays theirs when a grant ends; what it was about is behind the grant, and is asked for there.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from checklists.rules import KEY_MAX
from coaching.own import OwnNote, SessionDay, Supervision
from coaching.rules import (
    FOCUS_WEEKS,
    INTRODUCTION_MAX,
    NAME_MAX,
    PRACTICE_MAX,
    REPLY_DAYS_DEFAULT,
    REPLY_DAYS_MAX,
    REPLY_DAYS_MIN,
    THREE,
    Answer,
    Tried,
    Wish,
)
from common.sealed import SealedText, is_readable
from households.rules import COUNTRY_MAX

__all__ = [
    "Ask",
    "CoachProfile",
    "Comment",
    "FamilyInvitation",
    "Focus",
    "FocusAnswer",
    "HandOver",
    "Mute",
    "OwnNote",
    "Reply",
    "SessionDay",
    "Snooze",
    "SuggestedQuestion",
    "Supervision",
]


class CoachProfile(models.Model):
    """How a coach presents themselves to whoever lets them in, and within how many working days they reply."""

    coach = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=NAME_MAX)
    practice = models.CharField(max_length=PRACTICE_MAX, blank=True)
    introduction = models.CharField(max_length=INTRODUCTION_MAX, blank=True)
    reply_days = models.PositiveSmallIntegerField(default=REPLY_DAYS_DEFAULT)
    # Where they work, as briefings name it; '' until they say so.
    country = models.CharField(max_length=COUNTRY_MAX, blank=True, db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reply_days__range=(REPLY_DAYS_MIN, REPLY_DAYS_MAX)),
                name="coach_profile_replies_in_days",
            )
        ]

    def __str__(self) -> str:
        return f"profile of coach {self.coach_id}"


class Comment(models.Model):
    """A coach's words to an author on one moment or one week, sealed, in up to four parts; the first is always there.

    `read_at` is the author's own mark, which the coach never sees. `told_at` is when the author was told that there is
    something, or that it was decided not to.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    coach = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    # Either of them; a moment that its author destroys leaves the coach's words, which then are about nothing.
    observation = models.ForeignKey(
        "observations.Observation", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    week = models.CharField(max_length=9, blank=True)
    saw_sealed = models.BinaryField()
    saw = SealedText(lambda comment: str(comment.public_id), owner="coach")
    gives_sealed = models.BinaryField(blank=True, default=b"")
    gives = SealedText(lambda comment: str(comment.public_id), owner="coach")
    child_sealed = models.BinaryField(blank=True, default=b"")
    child = SealedText(lambda comment: str(comment.public_id), owner="coach")
    more_sealed = models.BinaryField(blank=True, default=b"")
    more = SealedText(lambda comment: str(comment.public_id), owner="coach")
    has_all_three = models.BooleanField()
    written_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["household", "author", "-written_at", "-id"], name="comment_of_author"),
            models.Index(fields=["household", "observation"], name="comment_on_observation"),
            models.Index(fields=["written_at"], condition=Q(told_at__isnull=True), name="comment_to_tell"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(week="") | Q(observation__isnull=True), name="comment_on_one_thing"
            ),
            models.CheckConstraint(condition=~Q(coach=models.F("author")), name="comment_to_another"),
        ]

    def __str__(self) -> str:
        return f"comment {self.pk}"

    @property
    def unreadable(self) -> bool:
        """Whether a part of it does not open; that part is empty then."""
        return not all(is_readable(getattr(self, slot)) for slot in (*THREE, "more"))


class Reply(models.Model):
    """What an author answers to a comment, sealed. `seen_at` is when its coach opened the page it stands on."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="replies")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    text_sealed = models.BinaryField()
    text = SealedText(lambda reply: str(reply.public_id), owner="author")
    written_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["household", "comment", "written_at"], name="reply_of_household"),
            models.Index(fields=["written_at"], condition=Q(told_at__isnull=True), name="reply_to_tell"),
        ]

    def __str__(self) -> str:
        return f"reply {self.pk}"

    @property
    def text_unreadable(self) -> bool:
        """Whether the text does not open; it is empty then."""
        return not is_readable(self.text)


class Ask(models.Model):
    """An author asks one coach, in one tap, to look at a moment. It is over when the coach wrote something there."""

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    coach = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    observation = models.ForeignKey("observations.Observation", on_delete=models.CASCADE, related_name="+")
    wish = models.CharField(max_length=10, choices=[(wish, wish) for wish in Wish])
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["household", "author", "observation"], name="ask_of_author"),
            models.Index(fields=["asked_at"], condition=Q(told_at__isnull=True), name="ask_to_tell"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["observation", "coach", "wish"],
                condition=Q(answered_at__isnull=True),
                name="ask_once_while_open",
            ),
            models.CheckConstraint(condition=Q(wish__in=list(Wish)), name="ask_wish_known"),
        ]

    def __str__(self) -> str:
        return f"ask {self.pk}"


class Mute(models.Model):
    """An author wants no mail about what this coach writes, and finds it folded. The coach is not told."""

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    coach = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["household", "author", "coach"], name="mute_once")]

    def __str__(self) -> str:
        return f"mute {self.pk}"


class Snooze(models.Model):
    """A coach puts an author's row off until a day, with a reason for themselves, sealed. Nobody else reads it."""

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    coach = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    until_on = models.DateField()  # the first day on which it is back
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reason_sealed = models.BinaryField()
    reason = SealedText(lambda snooze: str(snooze.public_id), owner="coach")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["household", "author", "coach"], name="snooze_once")]

    def __str__(self) -> str:
        return f"snooze {self.pk}"


class HandOver(models.Model):
    """A coach suggests to an author to go on with a colleague. The author alone lets anybody in (ADR 31)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    coach = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    colleague_email = models.EmailField(max_length=254)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["household", "author", "asked_at"], name="hand_over_of_author"),
            models.Index(fields=["asked_at"], condition=Q(told_at__isnull=True), name="hand_over_to_tell"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["household", "author", "coach"],
                condition=Q(answered_at__isnull=True),
                name="hand_over_once_while_open",
            )
        ]

    def __str__(self) -> str:
        return f"hand-over {self.pk}"


class Focus(models.Model):
    """A practice that a coach suggests and an author tries for some weeks, if they like: `[from_on, until_on)`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    coach = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    practice = models.CharField(max_length=KEY_MAX)  # as it stands: the author may have changed it
    weeks = models.PositiveSmallIntegerField()
    suggested_at = models.DateTimeField()
    answer = models.CharField(max_length=10, blank=True, choices=[(item, item) for item in Answer])
    is_changed = models.BooleanField(default=False)  # by the author, when they accepted it
    from_on = models.DateField(null=True, blank=True)
    until_on = models.DateField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["household", "author", "-suggested_at"], name="coach_focus_of_author"),
            models.Index(
                fields=["suggested_at"], condition=Q(told_at__isnull=True), name="coach_focus_to_tell"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(weeks__in=FOCUS_WEEKS), name="coach_focus_for_weeks"),
            models.CheckConstraint(condition=Q(answer__in=list(Answer)), name="coach_focus_answer_known"),
            models.CheckConstraint(
                condition=~Q(answer=Answer.ACCEPTED) | Q(from_on__isnull=False, until_on__isnull=False),
                name="coach_focus_accepted_has_days",
            ),
        ]

    def __str__(self) -> str:
        return f"coach's focus {self.pk}"


class FamilyInvitation(models.Model):
    """A coach asks whoever reads an address whether they would let them in. It gives nothing: an author decides.

    Only the SHA-256 of its 256-bit token is stored. `answered_at` is the author's own: the coach does not see it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    coach = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    # As it stands in the mail: where the sender is reached since is not for everybody who once got one.
    coach_email = models.EmailField(max_length=254)
    email = models.EmailField(max_length=254)
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"family invitation {self.pk}"


class FocusAnswer(models.Model):
    """Whether an author tried the practice of a focus in one moment."""

    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    focus = models.ForeignKey(Focus, on_delete=models.CASCADE, related_name="answers")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    observation = models.ForeignKey("observations.Observation", on_delete=models.CASCADE, related_name="+")
    tried = models.CharField(max_length=8, choices=[(item, item) for item in Tried])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["focus", "observation"], name="focus_answer_once"),
            models.CheckConstraint(condition=Q(tried__in=list(Tried)), name="focus_answer_known"),
        ]

    def __str__(self) -> str:
        return f"answer {self.pk} to focus {self.focus_id}"


class SuggestedQuestion(models.Model):
    """A question that a coach suggests an author asks themselves, sealed as the coach's words.

    Its author takes it over as a copy of their own, or not; the coach is not told which.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    household = models.ForeignKey("households.Household", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    coach = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=6)
    words_sealed = models.BinaryField()
    words = SealedText(lambda question: str(question.public_id), owner="coach")
    suggested_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["household", "author", "suggested_at"], name="suggested_question_of_author"),
            models.Index(
                fields=["suggested_at"], condition=Q(told_at__isnull=True), name="suggested_question_to_tell"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(coach=models.F("author")), name="suggested_to_another")
        ]

    def __str__(self) -> str:
        return f"suggested question {self.pk}"
