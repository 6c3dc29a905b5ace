"""The sections of the settings that are served, nested and named as in `config.yml`, one file for each of the top."""
