"""The composition root: builds and runs the service that the settings describe."""
