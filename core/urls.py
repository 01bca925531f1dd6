"""Addresses of what every app shares."""

from django.urls import path

from core.views import work

app_name = "staff-work"

urlpatterns = [
    path("work/", work.work_page, name="work"),
    path("work/saga/<int:saga_id>/", work.saga_page, name="saga"),
    path("work/message/<int:message_id>/", work.message_page, name="message"),
    path("work/messages/file/", work.messages_file_page, name="messages-file"),
]
