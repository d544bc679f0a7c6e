"""An answer as a document to keep: Markdown, a page, PDF, FHIR."""
