"""An answer as a document to keep: Markdown, a page that prints, FHIR."""
