from django.urls import path

from careplans.views import campaigns, cases, plans, priority, queue

app_name = "careplans"
urlpatterns = [
    path("queue/", queue.queue, name="queue"),
    path("queue/next/", queue.take_next, name="take_next"),
    path("queue/shortcuts/", queue.switch_shortcuts, name="switch_shortcuts"),
    path("cases/<int:pk>/", cases.case_page, name="case"),
    path("cases/<int:pk>/outcome/", cases.record, name="record"),
    path("cases/<int:pk>/draft/", cases.keep_draft, name="keep_draft"),
    path("cases/<int:pk>/hold/", cases.keep_hold, name="keep_hold"),
    path("cases/<int:pk>/release/", cases.skip, name="skip"),
    path("cases/<int:pk>/points/<int:point>/reveal/", cases.reveal_point, name="reveal_point"),
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/new/", plans.new, name="new_campaign"),
    path("campaigns/lines/", plans.more_lines, name="more_lines"),
    path("campaigns/priority/", priority.priority, name="priority"),
    path("campaigns/priority/save/", priority.save, name="save_priority"),
    path("campaigns/priority/adopt/", priority.adopt, name="adopt_priority"),
    path("campaigns/<int:pk>/", campaigns.campaign_page, name="campaign"),
    path("campaigns/<int:pk>/edit/", plans.edit, name="edit_campaign"),
    path("campaigns/<int:pk>/preview/", plans.preview, name="preview_campaign"),
    path("campaigns/<int:pk>/launch/", campaigns.launch, name="launch_campaign"),
    path("campaigns/<int:pk>/live/", campaigns.live, name="live_campaign"),
    path("campaigns/<int:pk>/<str:act>/", campaigns.change, name="change_campaign"),
]
