"""Key drivers: how much each part of a service explains of satisfaction with the whole."""
