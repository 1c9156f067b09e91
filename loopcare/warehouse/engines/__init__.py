"""The engines, each loaded when a warehouse of its kind is opened."""
