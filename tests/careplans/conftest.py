"""What the tests of stage 3's pages and API share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from loopcare.staff.models import User
from tests.factories import set_clock

SignIn = Callable[[User], Client]


@pytest.fixture
def sign_in(db: None) -> SignIn:
    """A browser of this user, at ten o'clock on the tests' Tuesday."""
    set_clock()

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in
