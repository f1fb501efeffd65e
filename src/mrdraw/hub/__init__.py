"""Use cases that need more than one part of the house."""
