"""The commands of administration, one module for each subject."""
