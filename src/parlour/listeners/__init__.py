"""DOOR: mail coming in."""
