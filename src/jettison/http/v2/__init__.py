"""OCI distribution 1.1 and what the specification's development version adds: one file per noun."""
