"""The journey of one HTTP request. Knows neither Klein nor ``IRequest``."""
