"""How the agents' questions are made: synthetic patients, a reader of FHIR JSON, and gold computed from it.

Standard library only, and nothing of the product is imported: the gold must not share a fault with what it judges.
"""
