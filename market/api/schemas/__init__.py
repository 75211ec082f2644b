"""Shapes of what goes over the wire."""
