"""Demonstration mode. Installed where DEMO=1, which a system check keeps on loopback."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "incentives_portal.demo"
    label = "demo"
