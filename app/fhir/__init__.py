"""The FHIR R4 door: what is recorded, what was read from notes and what models computed, as resources."""
