from django.urls import path

from loopcare.staff.views import home, keys, users

app_name = "staff"
urlpatterns = [
    path("sign-in/", home.sign_in, name="sign_in"),
    path("sign-out/", home.sign_out, name="sign_out"),
    path("help/", home.help_page, name="help"),
    path("access/", users.users, name="users"),
    path("access/users/new/", users.new_user, name="new_user"),
    path("access/users/<int:pk>/", users.user, name="user"),
    path("access/users/<int:pk>/switch/", users.switch_user, name="switch_user"),
    path("access/keys/", keys.keys, name="keys"),
    path("access/keys/new/", keys.new_key, name="new_key"),
    path("access/keys/<int:pk>/revoke/", keys.revoke, name="revoke_key"),
]
