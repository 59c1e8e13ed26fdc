"""Demonstration mode. Installed where DEMO=1, with which the portal starts on loopback alone."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "incentives_portal.demo"
    label = "demo"
