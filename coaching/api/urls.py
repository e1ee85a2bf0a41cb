from __future__ import annotations

from django.urls import path

from coaching.api.views import (
    CoachFocusApi,
    CoachFocusListApi,
    CommentApi,
    CommentListApi,
    CommentReadApi,
    CommentReplyListApi,
)

urlpatterns = [
    path("comments/", CommentListApi.as_view(), name="comments"),
    path("comments/<uuid:comment_id>/", CommentApi.as_view(), name="comment"),
    path("comments/<uuid:comment_id>/read/", CommentReadApi.as_view(), name="comment-read"),
    path("focuses/", CoachFocusListApi.as_view(), name="focuses"),
    path("focuses/<uuid:focus_id>/", CoachFocusApi.as_view(), name="focus"),
    path("comments/<uuid:comment_id>/replies/", CommentReplyListApi.as_view(), name="comment-replies"),
]
