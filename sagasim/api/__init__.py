"""The same as the pages, as JSON, with an OpenAPI document: for programs, for CI, for recorders elsewhere."""
