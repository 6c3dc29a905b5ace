"""The values of the OCI specifications: digests, references, descriptors, manifests and errors. No input or output."""
