"""Drugs: how they are taken, their doses and status; allergies."""
