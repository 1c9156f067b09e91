from __future__ import annotations

from django.template import Context, Engine

BASE = (
    '{% load blocks %}<title>{% block_text "title" %}</title><h1>{% block title %}{% endblock %}</h1>'
    '{% block_text "missing" %}'
)
PAGE = '{% extends "base.html" %}{% block title %}Plan: <b>{{ name }}</b>{% endblock %}'


def render(name: str) -> str:
    engine = Engine(
        loaders=[("django.template.loaders.locmem.Loader", {"base.html": BASE, "page.html": PAGE})],
        libraries={"blocks": "loopcare.common.templatetags.blocks"},
    )
    return engine.get_template("page.html").render(Context({"name": name}))


def test_block_text_shows_the_block_twice_without_its_markup() -> None:
    assert render("Spring") == "<title>Plan: Spring</title><h1>Plan: <b>Spring</b></h1>"


def test_block_text_escapes_once() -> None:
    assert render("a & b") == "<title>Plan: a &amp; b</title><h1>Plan: <b>a &amp; b</b></h1>"
