"""The one drug-safety engine: what speaks against a drug in this record, for orders, questions and lists alike.

Facts are data with their sources (`tools/data/drug_rules.json`); each check is a module; `engine` puts them together.
"""
