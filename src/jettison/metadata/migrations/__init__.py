"""The schema, step by step: one numbered file each, never changed once it was released."""
